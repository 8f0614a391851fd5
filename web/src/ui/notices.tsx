import "@mantine/core/styles/Notification.css";
import "@mantine/notifications/styles.css";

import { Button, Group, Text } from "@mantine/core";
import { Notifications, notifications } from "@mantine/notifications";

import { texts } from "../texts/index.ts";
import type { Notice } from "./tell.ts";

/** Shows a notice; one with a way back has a button for it and stays longer. */
export function show({ title, message, kind, undo }: Notice): void {
  const id = notifications.show({
    title,
    color: kind === "done" ? "olive" : "orange",
    autoClose: undo === undefined && kind === "done" ? 5000 : 12_000,
    closeButtonProps: { "aria-label": texts.common.close },
    message:
      undo === undefined ? (
        message
      ) : (
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm">{message}</Text>
          <Button
            size="compact-sm"
            variant="light"
            flex="none"
            onClick={() => {
              notifications.hide(id);
              void undo();
            }}
          >
            {texts.common.undo}
          </Button>
        </Group>
      ),
  });
}

export default function Notices() {
  return <Notifications position="bottom-right" limit={4} />;
}
