import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { WebglAddon } from "@xterm/addon-webgl";
import { Terminal, type ITheme } from "@xterm/xterm";

import { addressOf, TerminalLink, type OpenWire, type Size } from "./link.ts";

export interface ScreenEvents {
  /** What the person should know about the connection. */
  status(status: Status): void;
  /** Leaves the terminal by keyboard. */
  leave(): void;
  search(): void;
  size(size: Size): void;
}

export type Status =
  | { kind: "connecting" }
  | { kind: "connected" }
  | { kind: "lost"; since: number }
  | { kind: "ended"; code: number | null };

export interface Look {
  theme: ITheme;
  fontFamily: string;
  fontSize: number;
  label: string;
}

/** Whether the browser has no graphics card to draw with: then WebGL is slower than the page itself. */
function drawsInSoftware(): boolean {
  const context = document
    .createElement("canvas")
    .getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (context === null) return true;
  const names = context.getExtension("WEBGL_debug_renderer_info");
  const renderer: unknown = context.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER);
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(String(renderer));
}

/** A terminal on the page: xterm.js, its addons and its connection. */
export class Screen {
  readonly terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #search = new SearchAddon();
  readonly #link: TerminalLink;
  readonly #observer: ResizeObserver;
  readonly #events: ScreenEvents;
  readonly #host: HTMLElement;
  /** Bytes of scrollback that are still to be shown. Answers to questions in them were given long ago. */
  #replaying = 0;
  #lost = 0;

  constructor(
    host: HTMLElement,
    project: string,
    session: string,
    look: Look,
    events: ScreenEvents,
    open?: OpenWire,
  ) {
    this.#events = events;
    this.#host = host;
    this.terminal = new Terminal({
      allowProposedApi: true,
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      fontFamily: look.fontFamily,
      fontSize: look.fontSize,
      theme: look.theme,
      minimumContrastRatio: 4.5,
      scrollback: 10_000,
      macOptionIsMeta: true,
      rightClickSelectsWord: true,
    });
    this.terminal.loadAddon(this.#fit);
    this.terminal.loadAddon(this.#search);
    this.terminal.loadAddon(new WebLinksAddon());
    this.terminal.open(host);
    this.terminal.textarea?.setAttribute("aria-label", look.label);
    this.#accelerate();
    this.#link = new TerminalLink(
      this.#linkEvents(),
      (size) => addressOf(location.origin, project, session, size),
      this.#wanted(),
      open,
    );
    this.terminal.onData((text) => {
      if (this.#replaying === 0) this.#link.type(text);
    });
    this.terminal.onBinary((text) => this.#link.typeBinary(text));
    this.terminal.attachCustomKeyEventHandler((event) => this.#onKey(event));
    this.#observer = new ResizeObserver(() => this.fit());
    this.#observer.observe(host);
    events.status({ kind: "connecting" });
    this.#link.start();
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#link.close();
    this.terminal.dispose();
  }

  hurry(): void {
    this.#link.hurry();
  }

  startAgain(): void {
    this.#events.status({ kind: "connecting" });
    this.terminal.reset();
    this.#link.start();
  }

  /** Asks for the size that fits the window. What is shown has the size that all viewers share. */
  fit(): void {
    if (this.#host.clientWidth === 0 || this.#host.clientHeight === 0) return;
    this.#link.resize(this.#wanted());
  }

  find(words: string, backwards: boolean): boolean {
    const options = { caseSensitive: false };
    return backwards ? this.#search.findPrevious(words, options) : this.#search.findNext(words, options);
  }

  setFontSize(size: number): void {
    this.terminal.options.fontSize = size;
    this.fit();
  }

  /** Keeps the screen's text where a screen reader finds it, and says what is new. */
  setReadable(on: boolean): void {
    this.terminal.options.screenReaderMode = on;
  }

  setTheme(theme: ITheme): void {
    this.terminal.options.theme = theme;
  }

  #wanted(): Size {
    const size = this.#fit.proposeDimensions();
    if (size === undefined || !Number.isFinite(size.cols) || !Number.isFinite(size.rows))
      return { rows: 24, columns: 80 };
    return { rows: Math.max(2, size.rows), columns: Math.max(10, size.cols) };
  }

  #linkEvents() {
    return {
      hello: (history: number) => {
        this.#lost = 0;
        this.terminal.reset();
        this.#replaying = history;
        this.#events.status({ kind: "connected" });
      },
      output: (bytes: Uint8Array) => {
        const { wire } = this.#link;
        this.terminal.write(bytes, () => {
          this.#replaying = Math.max(0, this.#replaying - bytes.length);
          this.#link.processed(wire, bytes.length);
        });
      },
      size: (size: Size) => {
        if (size.columns !== this.terminal.cols || size.rows !== this.terminal.rows) {
          this.terminal.resize(size.columns, size.rows);
        }
        this.#events.size(size);
      },
      exit: (code: number | null) => this.#events.status({ kind: "ended", code }),
      lost: () => {
        this.#lost ||= Date.now();
        this.#events.status({ kind: "lost", since: this.#lost });
      },
    };
  }

  /** The graphics card draws faster; where there is none, or it is taken away, the page draws. */
  #accelerate(): void {
    if (drawsInSoftware()) return;
    try {
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => webgl.dispose());
      this.terminal.loadAddon(webgl);
    } catch {
      // xterm.js goes on with its own renderer.
    }
  }

  /** Whether the terminal gets the key. */
  #onKey(event: KeyboardEvent): boolean {
    if (event.type !== "keydown") return true;
    const key = event.key.toLowerCase();
    const control = event.ctrlKey && !event.altKey && !event.metaKey;
    if (event.key === "F6" && control) return this.#take(event, () => this.#events.leave());
    if (event.key === "F1") return false;
    if (control && event.shiftKey && key === "f") return this.#take(event, () => this.#events.search());
    if (control && key === "c" && (event.shiftKey || this.terminal.hasSelection())) {
      return this.#take(event, () => {
        void navigator.clipboard.writeText(this.terminal.getSelection());
        this.terminal.clearSelection();
      });
    }
    // The browser itself pastes then, also where a page may not read the clipboard.
    return !(control && key === "v");
  }

  #take(event: KeyboardEvent, action: () => void): false {
    event.preventDefault();
    action();
    return false;
  }
}
