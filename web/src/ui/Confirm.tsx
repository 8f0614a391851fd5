import { Button, Group, Modal, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { texts } from "../texts/index.ts";

interface Props {
  opened: boolean;
  title: string;
  /** What will happen, also what will not. */
  words: ReactNode;
  /** The verb of the button. */
  action: string;
  dangerous?: boolean;
  busy?: boolean;
  onConfirm: () => unknown;
  onClose: () => void;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ opened, title, words, action, dangerous, busy, onConfirm, onClose }: Props) {
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
