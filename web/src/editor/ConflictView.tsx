import { Alert, Button, Group, Text } from "@mantine/core";
import { useCallback, useRef } from "react";

import type { TextFile } from "../api/contract.ts";
import { laterTexts } from "../texts/later.ts";
import classes from "./ConflictView.module.css";
import Differences from "./Differences.tsx";
import type { Conflict } from "./useFile.ts";

interface Props {
  conflict: Conflict;
  path: string;
  dark: boolean;
  onMine: (content: string) => void;
  onTheirs: (disk: TextFile) => void;
}

/** What is on disk beside the text here. Nothing is written until the person decides. */
export default function ConflictView({ conflict, path, dark, onMine, onTheirs }: Props) {
  const written = useRef<() => string>(null);
  const onRight = useCallback((read: () => string) => {
    written.current = read;
  }, []);
  const { disk, mine } = conflict;
  const { onDisk, yours } = laterTexts.editor;
  return (
    <div className={classes.view}>
      <Alert color="orange" variant="light" title={laterTexts.editor.conflictTitle} role="alert" radius={0}>
        <Text size="sm" mb="sm">
          {disk === null ? laterTexts.editor.conflictDeleted : laterTexts.editor.conflict}
        </Text>
        <Group gap="xs">
          <Button size="xs" onClick={() => onMine(written.current?.() ?? mine)}>
            {laterTexts.editor.keepMine}
          </Button>
          {disk !== null && (
            <Button size="xs" variant="default" onClick={() => onTheirs(disk)}>
              {laterTexts.editor.takeTheirs}
            </Button>
          )}
        </Group>
      </Alert>
      {disk !== null && (
        <Differences
          left={{ head: onDisk, label: `${onDisk}: ${path}`, text: disk.content }}
          right={{ head: yours, label: `${yours}: ${path}`, text: mine }}
          dark={dark}
          onRight={onRight}
        />
      )}
    </div>
  );
}
