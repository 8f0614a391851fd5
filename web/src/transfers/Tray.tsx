import "@mantine/core/styles/Progress.css";

import { Button, Group, Paper, Progress, Text, Title } from "@mantine/core";

import { useAppDispatch, useAppSelector } from "../app/store.ts";
import { baseName } from "../files/path.ts";
import { texts } from "../texts/index.ts";
import { laterTexts } from "../texts/later.ts";
import { IconX } from "../ui/icons.ts";
import { IconButton } from "../ui/IconButton.tsx";
import { readableSize } from "../ui/size.ts";
import { queueOf } from "./queue.ts";
import { isOver, transfersSlice, type Transfer } from "./slice.ts";
import classes from "./Tray.module.css";

/** What is being uploaded, how far it is, and what became of it. */
export default function Tray() {
  const dispatch = useAppDispatch();
  const transfers = useAppSelector((state) => state.transfers);
  if (transfers.length === 0) return null;
  const over = transfers.filter(isOver).length;
  return (
    <Paper
      withBorder
      shadow="md"
      className={classes.tray}
      component="section"
      aria-label={laterTexts.transfers.title}
    >
      <Group justify="space-between" wrap="nowrap" mb={4}>
        <Title order={2} size="h6">
          <span role="status">{laterTexts.transfers.count(over, transfers.length)}</span>
        </Title>
        {over > 0 && (
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={() => dispatch(transfersSlice.actions.cleared())}
          >
            {laterTexts.transfers.clear}
          </Button>
        )}
      </Group>
      <ul className={classes.list}>
        {transfers.map((transfer) => (
          <Line key={transfer.id} transfer={transfer} />
        ))}
      </ul>
    </Paper>
  );
}

function Line({ transfer }: { transfer: Transfer }) {
  const dispatch = useAppDispatch();
  const { id, path, size, sent, state } = transfer;
  const name = baseName(path);
  const share = state === "done" || size === 0 ? 100 : Math.floor((100 * sent) / size);
  return (
    <li>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="sm" truncate title={path}>
          {name}
        </Text>
        {!isOver(transfer) && (
          <IconButton
            label={laterTexts.transfers.cancel(name)}
            size="sm"
            onClick={() => queueOf(dispatch).cancel(id)}
          >
            <IconX size={14} aria-hidden />
          </IconButton>
        )}
      </Group>
      <Progress
        value={share}
        size="sm"
        color={state === "failed" ? "red" : "olive"}
        aria-label={laterTexts.transfers.progressOf(name)}
      />
      <Text
        size="xs"
        c={state === "failed" ? "red" : "dimmed"}
        role={state === "failed" ? "alert" : undefined}
      >
        {words(transfer, share)}
      </Text>
    </li>
  );
}

function words({ state, size, why }: Transfer, share: number): string {
  switch (state) {
    case "waiting":
      return laterTexts.transfers.waiting;
    case "sending":
      return laterTexts.transfers.sending(share, readableSize(size));
    case "stalled":
      return laterTexts.transfers.stalled(share);
    case "done":
      return laterTexts.transfers.done(readableSize(size));
    case "failed":
      return why ?? texts.faults.unknown;
  }
}
