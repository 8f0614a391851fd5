import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useRef } from "react";

import { laterTexts } from "../texts/later.ts";
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

const FOLDED = { margin: 3, minSize: 6 };
/** Where two texts have no room beside each other. */
const NARROW = "(max-width: 40rem)";

/** Two texts with what differs marked and what is alike folded: side by side, or in one column on a narrow screen. */
export default function Differences({ left, right, dark, onRight }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const narrow = useMediaQuery(NARROW, undefined, { getInitialValueInEffect: false });
  const { label: leftLabel, text: leftText } = left;
  const { label: rightLabel, text: rightText } = right;
  /** The right side as it was changed, which outlives a change of the screen. */
  const changed = useRef<{ from: string; to: string }>(null);

  useEffect(() => {
    const parent = host.current;
    if (parent === null) return undefined;
    const side = (label: string, fixed: boolean): Extension[] => [
      lineNumbers(),
      EditorView.lineWrapping,
      EditorView.theme({ "&": { fontSize: "13px" } }, { dark }),
      EditorState.readOnly.of(fixed),
      EditorView.contentAttributes.of({ "aria-label": label }),
    ];
    const canChange = onRight !== undefined;
    const b = {
      doc: changed.current?.from === rightText ? changed.current.to : rightText,
      extensions: side(rightLabel, !canChange),
    };
    const made = narrow
      ? inOneColumn(parent, leftText, b, canChange)
      : sideBySide(parent, { doc: leftText, extensions: side(leftLabel, true) }, b, canChange);
    onRight?.(made.read);
    return () => {
      changed.current = { from: rightText, to: made.read() };
      made.destroy();
    };
  }, [leftLabel, leftText, rightLabel, rightText, dark, onRight, narrow]);

  return (
    <>
      <div className={classes.heads} data-narrow={narrow || undefined}>
        <span>{left.head}</span>
        <span>{right.head}</span>
      </div>
      <div ref={host} className={classes.merge} />
    </>
  );
}

interface Document {
  doc: string;
  extensions: Extension[];
}

interface Made {
  /** The right side's text. */
  read: () => string;
  destroy: () => void;
}

function sideBySide(parent: HTMLElement, a: Document, b: Document, canChange: boolean): Made {
  const view = new MergeView({
    parent,
    a,
    b,
    ...(canChange && { revertControls: "a-to-b" as const }),
    collapseUnchanged: FOLDED,
  });
  return { read: () => view.b.state.sliceDoc(), destroy: () => view.destroy() };
}

/** What is on the left is taken over by a button; what is on the right needs none to stay. */
function control(type: "reject" | "accept", act: (event: MouseEvent) => void): HTMLElement {
  if (type === "accept") return document.createElement("span");
  const button = document.createElement("button");
  button.type = "button";
  button.className = classes.take ?? "";
  button.textContent = laterTexts.editor.takeOver;
  button.onclick = act;
  return button;
}

function inOneColumn(parent: HTMLElement, original: string, b: Document, canChange: boolean): Made {
  const merge = unifiedMergeView({
    original,
    mergeControls: canChange && control,
    collapseUnchanged: FOLDED,
  });
  const view = new EditorView({ parent, doc: b.doc, extensions: [b.extensions, merge] });
  return { read: () => view.state.sliceDoc(), destroy: () => view.destroy() };
}
