import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import {
  bracketMatching,
  defaultHighlightStyle,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  LanguageDescription,
  syntaxHighlighting,
} from "@codemirror/language";
import { languages } from "@codemirror/language-data";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Annotation, Compartment, EditorState, type Extension } from "@codemirror/state";
import { oneDarkHighlightStyle } from "@codemirror/theme-one-dark";
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  rectangularSelection,
} from "@codemirror/view";

/** Marks a change that came from the disk, not from the person. */
export const fromDisk = Annotation.define<boolean>();

const lightHighlight: HighlightStyle = defaultHighlightStyle;

export function look(dark: boolean): Extension {
  return [
    EditorView.theme(
      {
        "&": { height: "100%", fontSize: "14px", backgroundColor: "var(--mantine-color-body)" },
        ".cm-content": { fontFamily: "var(--mantine-font-family-monospace)", caretColor: "var(--focus)" },
        ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "1.55" },
        ".cm-gutters": {
          backgroundColor: "var(--mantine-color-body)",
          color: "var(--quiet)",
          border: "none",
        },
        ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: dark ? "#ffffff0a" : "#0000000a" },
        ".cm-cursor": { borderLeftColor: "var(--focus)", borderLeftWidth: "2px" },
        "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
          backgroundColor: dark ? "#1f4d47" : "#bfe3dd",
        },
        "&.cm-focused": { outline: "none" },
        ".cm-panels": { backgroundColor: "var(--sunken)", color: "inherit", borderColor: "var(--line)" },
      },
      { dark },
    ),
    syntaxHighlighting(dark ? oneDarkHighlightStyle : lightHighlight, { fallback: true }),
  ];
}

export interface ViewOptions {
  parent: HTMLElement;
  path: string;
  label: string;
  content: string;
  dark: boolean;
  onEdit: () => void;
  onSave: () => void;
  onCursor: (line: number, column: number) => void;
}

/** The editor's view, with what can change in it while it lives. */
export class TextView {
  readonly view: EditorView;
  readonly #look = new Compartment();
  readonly #language = new Compartment();
  readonly #wrap = new Compartment();
  readonly #watchers = new Set<() => void>();

  constructor(options: ViewOptions) {
    this.view = new EditorView({
      parent: options.parent,
      state: EditorState.create({ doc: options.content, extensions: this.#extensions(options) }),
    });
    void this.#loadLanguage(options.path);
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  setDark(dark: boolean): void {
    this.view.dispatch({ effects: this.#look.reconfigure(look(dark)) });
  }

  setWrap(wrap: boolean): void {
    this.view.dispatch({ effects: this.#wrap.reconfigure(wrap ? EditorView.lineWrapping : []) });
  }

  /** Takes over what is on disk. Only what differs is touched, so the cursor stays where it was. */
  replace(content: string): void {
    const now = this.text;
    if (now === content) return;
    let start = 0;
    const shorter = Math.min(now.length, content.length);
    while (start < shorter && now.charCodeAt(start) === content.charCodeAt(start)) start += 1;
    let same = 0;
    while (
      same < shorter - start &&
      now.charCodeAt(now.length - 1 - same) === content.charCodeAt(content.length - 1 - same)
    ) {
      same += 1;
    }
    this.view.dispatch({
      changes: { from: start, to: now.length - same, insert: content.slice(start, content.length - same) },
      annotations: fromDisk.of(true),
    });
  }

  /** Calls `watcher` after each change of the text, whoever made it, until what is returned is called. */
  onChange(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  destroy(): void {
    this.view.destroy();
  }

  async #loadLanguage(path: string): Promise<void> {
    const support = await languageOf(path);
    if (support !== null) this.view.dispatch({ effects: this.#language.reconfigure(support) });
  }

  #extensions(options: ViewOptions): Extension[] {
    return [
      lineNumbers(),
      highlightActiveLineGutter(),
      highlightSpecialChars(),
      history(),
      foldGutter(),
      drawSelection(),
      dropCursor(),
      EditorState.allowMultipleSelections.of(true),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      autocompletion(),
      rectangularSelection(),
      crosshairCursor(),
      highlightActiveLine(),
      highlightSelectionMatches(),
      keymap.of([
        { key: "Mod-s", preventDefault: true, run: () => (options.onSave(), true) },
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...foldKeymap,
        ...completionKeymap,
        indentWithTab,
      ]),
      // CodeMirror's line breaks are "\n"; a file that has others keeps those it has.
      lineBreaksOf(options.content),
      EditorView.contentAttributes.of({ "aria-label": options.label }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged && !update.transactions.some((each) => each.annotation(fromDisk) === true))
          options.onEdit();
        if (update.docChanged) for (const watcher of this.#watchers) watcher();
        if (update.selectionSet || update.docChanged) {
          const { head } = update.state.selection.main;
          const line = update.state.doc.lineAt(head);
          options.onCursor(line.number, head - line.from + 1);
        }
      }),
      this.#wrap.of(EditorView.lineWrapping),
      this.#language.of([]),
      this.#look.of(look(options.dark)),
    ];
  }
}

/** How the text of a file is written, by its name; null if that is not known. */
export async function languageOf(path: string): Promise<Extension | null> {
  const found = LanguageDescription.matchFilename(languages, path.slice(path.lastIndexOf("/") + 1));
  return found === null ? null : found.load();
}

/** A file whose lines all end in CRLF keeps them so. */
function lineBreaksOf(content: string): Extension {
  const crlf = content.includes("\r\n") && !/[^\r]\n/.test(content);
  return crlf ? EditorState.lineSeparator.of("\r\n") : [];
}
