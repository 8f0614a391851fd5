import { MergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { Alert, Button, Group, Text } from "@mantine/core";
import { useEffect, useRef } from "react";

import type { TextFile } from "../api/contract.ts";
import { texts } from "../texts/index.ts";
import classes from "./ConflictView.module.css";
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
  const host = useRef<HTMLDivElement>(null);
  const merge = useRef<MergeView>(null);
  const { disk, mine } = conflict;

  useEffect(() => {
    if (host.current === null || disk === null) return undefined;
    const shared = [
      lineNumbers(),
      EditorView.lineWrapping,
      EditorView.theme({ "&": { fontSize: "13px" } }, { dark }),
    ];
    const made = new MergeView({
      parent: host.current,
      a: {
        doc: disk.content,
        extensions: [
          ...shared,
          EditorState.readOnly.of(true),
          EditorView.contentAttributes.of({ "aria-label": `${texts.editor.onDisk}: ${path}` }),
        ],
      },
      b: {
        doc: mine,
        extensions: [
          ...shared,
          EditorView.contentAttributes.of({ "aria-label": `${texts.editor.yours}: ${path}` }),
        ],
      },
      revertControls: "a-to-b",
      collapseUnchanged: { margin: 3, minSize: 6 },
    });
    merge.current = made;
    return () => {
      merge.current = null;
      made.destroy();
    };
  }, [disk, mine, path, dark]);

  return (
    <div className={classes.view}>
      <Alert color="orange" variant="light" title={texts.editor.conflictTitle} role="alert" radius={0}>
        <Text size="sm" mb="sm">
          {disk === null ? texts.editor.conflictDeleted : texts.editor.conflict}
        </Text>
        <Group gap="xs">
          <Button size="xs" onClick={() => onMine(merge.current?.b.state.sliceDoc() ?? mine)}>
            {texts.editor.keepMine}
          </Button>
          {disk !== null && (
            <Button size="xs" variant="default" onClick={() => onTheirs(disk)}>
              {texts.editor.takeTheirs}
            </Button>
          )}
        </Group>
      </Alert>
      {disk !== null && (
        <>
          <div className={classes.heads}>
            <span>{texts.editor.onDisk}</span>
            <span>{texts.editor.yours}</span>
          </div>
          <div ref={host} className={classes.merge} />
        </>
      )}
    </div>
  );
}
