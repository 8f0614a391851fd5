import type { Fault } from "../api/fault.ts";
import { passes } from "../api/fault.ts";

/** Text that is not yet on disk, and the time of the file that it was written upon. */
export interface Draft {
  content: string;
  /** `modified` of the file when it was read or last written; null if it is to be made anew. */
  base: string | null;
}

export type SaveState =
  | { kind: "saved"; at: number }
  | { kind: "unsaved" }
  | { kind: "saving" }
  | { kind: "waiting" }
  | { kind: "conflict" }
  | { kind: "failed"; fault: Fault };

export interface SaverPort {
  /** Writes the file; rejects with a `Fault`. */
  write(content: string, unmodifiedSince: string | null): Promise<{ modified: string }>;
  /** The text as it is in the editor now. */
  text(): string;
  /** Keeps the draft in this browser; null: there is none any more. */
  keep(draft: Draft | null): void;
  changed(state: SaveState): void;
}

const PAUSE = 1000;
/** Who never pauses is saved all the same. */
const LONGEST = 8000;
const RETRY = 4000;

/**
 * Saves a text by itself: after a pause in typing, one write at a time, again after a failure that passes. A file that was
 * changed by somebody else meanwhile is never overwritten: that is a conflict, which a person settles.
 */
export class Saver {
  readonly #port: SaverPort;
  #base: string | null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dirtySince = 0;
  #writing: Promise<void> | undefined;
  #state: SaveState;

  constructor(port: SaverPort, base: string | null, at: number) {
    this.#port = port;
    this.#base = base;
    this.#state = { kind: "saved", at };
  }

  get base(): string | null {
    return this.#base;
  }

  get state(): SaveState {
    return this.#state;
  }

  get dirty(): boolean {
    return this.#dirtySince > 0;
  }

  /** The text was changed by the person. */
  edited(): void {
    this.#dirtySince ||= Date.now();
    this.#port.keep({ content: this.#port.text(), base: this.#base });
    if (this.#state.kind === "conflict") return;
    if (this.#writing === undefined) this.#say({ kind: "unsaved" });
    const left = this.#dirtySince + LONGEST - Date.now();
    this.#later(Math.max(0, Math.min(PAUSE, left)));
  }

  /** Saves now, if there is anything to save. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    if (this.dirty && this.#state.kind !== "conflict") await this.#write();
  }

  /** The text was replaced by what is on disk. */
  replaced(base: string): void {
    clearTimeout(this.#timer);
    this.#base = base;
    this.#settle();
  }

  /** The person has looked at what is on disk (null: the file is gone), and saves the text over that. */
  async resolve(base: string | null): Promise<void> {
    this.#base = base;
    this.#dirtySince ||= Date.now();
    this.#say({ kind: "unsaved" });
    await this.flush();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #later(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), delay);
  }

  async #write(): Promise<void> {
    const content = this.#port.text();
    this.#say({ kind: "saving" });
    this.#writing = this.#attempt(content);
    await this.#writing;
    this.#writing = undefined;
  }

  async #attempt(content: string): Promise<void> {
    try {
      const { modified } = await this.#port.write(content, this.#base);
      this.#base = modified;
      if (this.#port.text() === content) this.#settle();
      else {
        this.#dirtySince = Date.now();
        this.#port.keep({ content: this.#port.text(), base: modified });
        this.#say({ kind: "unsaved" });
        this.#later(PAUSE);
      }
    } catch (error) {
      this.#failed(error as Fault);
    }
  }

  #failed(fault: Fault): void {
    if (fault.code === "changed_on_disk") this.#say({ kind: "conflict" });
    else if (passes(fault) || fault.code === "not_running" || fault.code === "too_many") {
      this.#say({ kind: "waiting" });
      this.#later((fault.retryAfter ?? 0) * 1000 || RETRY);
    } else this.#say({ kind: "failed", fault });
  }

  #settle(): void {
    this.#dirtySince = 0;
    this.#port.keep(null);
    this.#say({ kind: "saved", at: Date.now() });
  }

  #say(state: SaveState): void {
    this.#state = state;
    this.#port.changed(state);
  }
}
