import type { FakeInstance } from "./instance.ts";

/** Whose browser this is. */
export const browser: { instance: FakeInstance | undefined; session: string | null } = {
  instance: undefined,
  session: null,
};

interface Asked {
  id: number;
  event: string;
  project_id: string;
  path: string;
  watch: number;
}

type Listener = (data?: unknown) => void;

/** An Engine.IO socket that is connected to the fake instance of the test. */
export class FakeSocket {
  static readonly all: FakeSocket[] = [];
  readonly #listeners = new Map<string, Listener[]>();
  readonly #stops = new Map<number, () => void>();
  #last = 0;

  constructor() {
    FakeSocket.all.push(this);
    queueMicrotask(() => {
      this.#emit("open");
      this.#say({ event: "version", version: browser.instance?.site.version });
    });
  }

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }

  send(text: string): void {
    const asked = JSON.parse(text) as Asked;
    const { id, event } = asked;
    const { instance, session } = browser;
    if (instance === undefined || session === null) return;
    this.#last += 1;
    const number = this.#last;
    if (event === "subscribe") {
      this.#say({ id, event, subscription: number, rows: instance.rows(session) });
      const tell = (change: object) =>
        this.#say({ event: "changes", subscription: number, changes: [change] });
      this.#stops.set(number, instance.watch(tell));
    } else if (event === "watch") {
      this.#say({ id, event, watch: number });
      const tell = () => this.#say({ event: "file_changes", watch: number, changes: [], overflow: true });
      this.#stops.set(number, instance.watchFiles(asked.project_id, asked.path, tell));
    } else if (event === "unwatch") this.#stops.get(asked.watch)?.();
  }

  close(): void {
    for (const stop of this.#stops.values()) stop();
    this.#emit("close");
  }

  #say(message: object): void {
    this.#emit("message", JSON.stringify(message));
  }

  #emit(event: string, data?: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(data);
  }
}
