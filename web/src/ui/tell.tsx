import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";

import { describe, faultOf } from "../api/fault.ts";
import { texts } from "../texts/index.ts";

/** Says that something was done. */
export function tell(message: string): void {
  notifications.show({ message, color: "olive", closeButtonProps: { "aria-label": texts.common.close } });
}

/** Says that something was done, and offers to take it back. */
export function tellWithUndo(message: string, undo: () => unknown): void {
  const id = notifications.show({
    color: "olive",
    autoClose: 12_000,
    closeButtonProps: { "aria-label": texts.common.close },
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">{message}</Text>
        <Button
          size="compact-sm"
          variant="light"
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

/** Says that something was refused, and why; what was shown ahead of the answer has been taken back. */
export function tellFault(title: string, error: unknown): void {
  notifications.show({
    title,
    message: describe(faultOf(error)),
    color: "orange",
    autoClose: 10_000,
    closeButtonProps: { "aria-label": texts.common.close },
  });
}
