/** What sends a message of a connection that is there. */
export type Send = (message: object) => void;

/** A folder or file that somebody looks at. */
export interface Watched {
  project: string;
  path: string;
  /** Something changed in it, or may have: look again. Also called once it is watched. */
  changed: () => void;
}

export interface WatchMessage {
  id?: number;
  event: string;
  watch?: number;
  error?: { code: string };
}

const FIRST_RETRY = 1000;
const LONGEST_RETRY = 30_000;
/** Refusals that asking again does not change. */
const FINAL = new Set(["not_found", "forbidden", "invalid"]);

/** One wish to be told of changes, kept over connections that come and go. */
class Watch {
  readonly watched: Watched;
  number: number | undefined;
  attempt = 0;
  timer: ReturnType<typeof setTimeout> | undefined;

  constructor(watched: Watched) {
    this.watched = watched;
  }
}

/** The folders and files that are watched, on whichever connection there is. */
export class Watches {
  readonly #nextId: () => number;
  readonly #all = new Set<Watch>();
  readonly #asked = new Map<number, Watch>();
  #send: Send | undefined;

  constructor(nextId: () => number) {
    this.#nextId = nextId;
  }

  /** Begins a watch; what is returned ends it. */
  add(watched: Watched): () => void {
    const watch = new Watch(watched);
    this.#all.add(watch);
    this.#ask(watch);
    return () => this.#remove(watch);
  }

  /** A connection is there: everything is asked for anew. */
  connected(send: Send): void {
    this.#send = send;
    for (const watch of this.#all) this.#ask(watch);
  }

  lost(): void {
    this.#send = undefined;
    this.#asked.clear();
    for (const watch of this.#all) {
      clearTimeout(watch.timer);
      watch.number = undefined;
      watch.attempt = 0;
    }
  }

  /** Takes a message, if it is about watches; whether it was. */
  receive(message: WatchMessage): boolean {
    if (message.event === "watch" || message.event === "error") return this.#answered(message);
    if (message.event !== "file_changes" && message.event !== "watch_ended") return false;
    const watch = [...this.#all].find((each) => each.number === message.watch);
    if (watch === undefined) return true;
    if (message.event === "file_changes") watch.watched.changed();
    else {
      // What ended it (the folder is gone, say) is seen by looking again.
      watch.number = undefined;
      watch.watched.changed();
      this.#retry(watch);
    }
    return true;
  }

  #answered({ id, watch: number, error }: WatchMessage): boolean {
    const watch = id === undefined ? undefined : this.#asked.get(id);
    if (id === undefined || watch === undefined) return false;
    this.#asked.delete(id);
    if (!this.#all.has(watch)) {
      if (number !== undefined) this.#unwatch(number);
    } else if (number === undefined) {
      if (!FINAL.has(error?.code ?? "")) this.#retry(watch);
    } else {
      watch.number = number;
      watch.attempt = 0;
      watch.watched.changed();
    }
    return true;
  }

  #ask(watch: Watch): void {
    if (this.#send === undefined) return;
    const id = this.#nextId();
    this.#asked.set(id, watch);
    this.#send({ id, event: "watch", project_id: watch.watched.project, path: watch.watched.path });
  }

  #retry(watch: Watch): void {
    const delay = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** watch.attempt);
    watch.attempt += 1;
    watch.timer = setTimeout(() => this.#ask(watch), delay);
  }

  #remove(watch: Watch): void {
    this.#all.delete(watch);
    clearTimeout(watch.timer);
    if (watch.number !== undefined) this.#unwatch(watch.number);
  }

  #unwatch(number: number): void {
    this.#send?.({ id: this.#nextId(), event: "unwatch", watch: number });
  }
}
