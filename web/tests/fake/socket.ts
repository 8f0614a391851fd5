import type { FakeInstance } from "./instance.ts";

/** Whose browser this is. */
export const browser: { instance: FakeInstance | undefined; session: string | null } = {
  instance: undefined,
  session: null,
};

type Listener = (data?: unknown) => void;

/** An Engine.IO socket that is connected to the fake instance of the test. */
export class FakeSocket {
  static readonly all: FakeSocket[] = [];
  readonly #listeners = new Map<string, Listener[]>();
  #stop: (() => void) | undefined;

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
    const { id, event } = JSON.parse(text) as { id: number; event: string };
    const { instance, session } = browser;
    if (event !== "subscribe" || instance === undefined || session === null) return;
    this.#say({ id, event, subscription: 1, rows: instance.rows(session) });
    this.#stop = instance.watch((change) =>
      this.#say({ event: "changes", subscription: 1, changes: [change] }),
    );
  }

  close(): void {
    this.#stop?.();
    this.#emit("close");
  }

  #say(message: object): void {
    this.#emit("message", JSON.stringify(message));
  }

  #emit(event: string, data?: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(data);
  }
}
