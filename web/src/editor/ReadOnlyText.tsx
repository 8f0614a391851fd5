import { Compartment, EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";

import classes from "./ReadOnlyText.module.css";
import { languageOf, look } from "./view.ts";

interface Props {
  path: string;
  label: string;
  text: string;
}

/** A text to read, coloured as in the editor. */
export default function ReadOnlyText({ path, label, text }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const dark = useComputedColorScheme("light") === "dark";
  useEffect(() => {
    if (host.current === null) return undefined;
    const language = new Compartment();
    const view = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(),
          EditorView.lineWrapping,
          EditorState.readOnly.of(true),
          EditorView.contentAttributes.of({ "aria-label": label }),
          language.of([]),
          look(dark),
        ],
      }),
    });
    void languageOf(path).then((found) => {
      if (found !== null) view.dispatch({ effects: language.reconfigure(found) });
    });
    return () => view.destroy();
  }, [path, label, text, dark]);
  return <div ref={host} className={classes.text} />;
}
