import { Button, Container, Group, Skeleton, Text, Title } from "@mantine/core";
import { useState } from "react";

import { api } from "../api/api.ts";
import type { Deleted } from "../api/contract.ts";
import { faultOf } from "../api/fault.ts";
import { useProject } from "../project/context.ts";
import { NotRunning } from "../project/NotRunning.tsx";
import { texts } from "../texts/index.ts";
import { laterTexts } from "../texts/later.ts";
import { Ago } from "../ui/Ago.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { Empty } from "../ui/Empty.tsx";
import { IconTrash, IconX } from "../ui/icons.ts";
import { IconButton } from "../ui/IconButton.tsx";
import list from "../ui/list.module.css";
import { Problem } from "../ui/Problem.tsx";
import { readableSize } from "../ui/size.ts";
import { isRunning } from "../ui/StateBadge.tsx";
import { tell, tellFault } from "../ui/tell.ts";
import { useTitle } from "../ui/useTitle.ts";
import classes from "./TrashPage.module.css";

/** What was deleted and is still there: put back, or deleted for good. */
export default function TrashPage() {
  const project = useProject();
  const project_id = project.project_id;
  const running = isRunning(project.state);
  useTitle(`${laterTexts.trash.title} · ${project.title}`);
  const { data, error, refetch } = api.useListTrashQuery(
    { project_id },
    { skip: !running, refetchOnMountOrArgChange: true },
  );
  const [empty] = api.useEmptyTrashMutation();
  const [asking, setAsking] = useState(false);
  if (!running) return <NotRunning project={project} />;
  if (data?.trash.length === 0) {
    return (
      <Empty
        icon={<IconTrash size={44} stroke={1.5} />}
        title={laterTexts.trash.emptyTitle}
        words={laterTexts.trash.empty}
      />
    );
  }
  const emptyAll = async () => {
    setAsking(false);
    try {
      await empty({ project_id }).unwrap();
    } catch (problem) {
      tellFault(laterTexts.trash.refused, problem);
    }
  };
  return (
    <Container size="sm" py="lg" w="100%">
      <Group justify="space-between" mb={4}>
        <Title order={2} size="h3">
          {laterTexts.trash.title}
        </Title>
        <Button variant="default" onClick={() => setAsking(true)} disabled={data === undefined}>
          {laterTexts.trash.emptyAction}
        </Button>
      </Group>
      <Text c="dimmed" size="sm" mb="md">
        {laterTexts.trash.intro} {data?.truncated === true && laterTexts.trash.truncated}
      </Text>
      {data === undefined && error !== undefined && (
        <Problem title={laterTexts.trash.failed} fault={faultOf(error)} retry={refetch} />
      )}
      {data === undefined && error === undefined && (
        <Skeleton height={48} role="status" aria-label={texts.common.loading} />
      )}
      {data !== undefined && (
        <ul className={`${list.list} ${classes.list}`} aria-label={laterTexts.trash.list}>
          {data.trash.map((deleted) => (
            <Line key={deleted.trash_id} id={project_id} deleted={deleted} />
          ))}
        </ul>
      )}
      <Confirm
        opened={asking}
        title={laterTexts.trash.emptyQuestion}
        words={texts.files.deleteText}
        action={laterTexts.trash.emptyAction}
        dangerous
        onClose={() => setAsking(false)}
        onConfirm={emptyAll}
      />
    </Container>
  );
}

function Line({ id, deleted: { trash_id, path, deleted, type, size } }: { id: string; deleted: Deleted }) {
  const [restore, { isLoading: restoring }] = api.useRestoreFromTrashMutation();
  const [empty, { isLoading: deleting }] = api.useEmptyTrashMutation();
  const attempt = async (work: () => Promise<string | undefined>) => {
    try {
      const words = await work();
      if (words !== undefined) tell(words);
    } catch (error) {
      tellFault(laterTexts.trash.refused, error);
    }
  };
  const putBack = async () => {
    const { path: where } = await restore({ project_id: id, trash_id }).unwrap();
    return laterTexts.trash.restored(where);
  };
  const erase = async () => {
    await empty({ project_id: id, trash_ids: [trash_id] }).unwrap();
    return undefined;
  };
  return (
    <li>
      <div className={classes.what}>
        <Text size="sm" truncate title={path}>
          {path}
        </Text>
        <Text size="xs" c="dimmed">
          <Ago time={deleted} words={laterTexts.trash.deleted} />
          {type === "file" && <> · {readableSize(size)}</>}
        </Text>
      </div>
      <Button
        size="xs"
        variant="default"
        aria-label={laterTexts.trash.restoreOf(path)}
        loading={restoring}
        onClick={() => void attempt(putBack)}
      >
        {laterTexts.trash.restore}
      </Button>
      <IconButton
        label={laterTexts.trash.deleteOf(path)}
        disabled={deleting}
        onClick={() => void attempt(erase)}
      >
        <IconX size={16} aria-hidden />
      </IconButton>
    </li>
  );
}
