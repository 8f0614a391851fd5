import { MergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";

import classes from "./Differences.module.css";

interface Side {
  /** What stands above the side. */
  head: string;
  label: string;
  text: string;
}

interface Props {
  left: Side;
  right: Side;
  dark: boolean;
  /** Told how to read the right side, which can then be changed and taken over into. Without it nothing can be changed. */
  onRight?: (read: () => string) => void;
}

/** Two texts side by side, with what differs marked and what is alike folded. */
export default function Differences({ left, right, dark, onRight }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const { label: leftLabel, text: leftText } = left;
  const { label: rightLabel, text: rightText } = right;

  useEffect(() => {
    if (host.current === null) return undefined;
    const side = (label: string, fixed: boolean): Extension[] => [
      lineNumbers(),
      EditorView.lineWrapping,
      EditorView.theme({ "&": { fontSize: "13px" } }, { dark }),
      EditorState.readOnly.of(fixed),
      EditorView.contentAttributes.of({ "aria-label": label }),
    ];
    const made = new MergeView({
      parent: host.current,
      a: { doc: leftText, extensions: side(leftLabel, true) },
      b: { doc: rightText, extensions: side(rightLabel, onRight === undefined) },
      ...(onRight !== undefined && { revertControls: "a-to-b" as const }),
      collapseUnchanged: { margin: 3, minSize: 6 },
    });
    onRight?.(() => made.b.state.sliceDoc());
    return () => made.destroy();
  }, [leftLabel, leftText, rightLabel, rightText, dark, onRight]);

  return (
    <>
      <div className={classes.heads}>
        <span>{left.head}</span>
        <span>{right.head}</span>
      </div>
      <div ref={host} className={classes.merge} />
    </>
  );
}
