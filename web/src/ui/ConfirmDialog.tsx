import "./dialog.ts";

import { Button, Group, Modal, Text } from "@mantine/core";

import { texts } from "../texts/index.ts";
import type { ConfirmProps } from "./Confirm.tsx";

/** Asks before something that cannot be taken back. */
export default function ConfirmDialog({
  opened,
  title,
  words,
  action,
  dangerous,
  busy,
  onConfirm,
  onClose,
}: ConfirmProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      closeButtonProps={{ "aria-label": texts.common.close }}
    >
      <Text size="sm" component="div">
        {words}
      </Text>
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={onClose}>
          {texts.common.cancel}
        </Button>
        <Button
          color={dangerous === true ? "red.8" : "olive"}
          loading={busy === true}
          onClick={() => void onConfirm()}
          data-autofocus
        >
          {action}
        </Button>
      </Group>
    </Modal>
  );
}
