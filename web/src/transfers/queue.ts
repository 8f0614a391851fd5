import { api } from "../api/api.ts";
import { describe } from "../api/fault.ts";
import { places } from "../app/places.ts";
import type { Dispatch } from "../app/store.ts";
import { transfersSlice } from "./slice.ts";
import { upload, type Send } from "./upload.ts";

/** So many are sent side by side; the others wait their turn. */
const SIDE_BY_SIDE = 2;
/** Progress is shown at most so often (milliseconds). */
const EVERY = 100;

export interface Wanted {
  project: string;
  path: string;
  file: File;
}

/** The files that are being uploaded by this page, and those that wait. */
export class UploadQueue {
  readonly #dispatch: Dispatch;
  readonly #send: Send | undefined;
  readonly #waiting: (Wanted & { id: string })[] = [];
  readonly #cancels = new Map<string, AbortController>();
  #last = 0;
  #active = 0;

  constructor(dispatch: Dispatch, send?: Send) {
    this.#dispatch = dispatch;
    this.#send = send;
  }

  add(wanted: Wanted): void {
    this.#last += 1;
    const id = String(this.#last);
    const { project, path, file } = wanted;
    this.#dispatch(
      transfersSlice.actions.added({ id, project, path, size: file.size, sent: 0, state: "waiting" }),
    );
    this.#waiting.push({ ...wanted, id });
    void this.#next();
  }

  cancel(id: string): void {
    const index = this.#waiting.findIndex((each) => each.id === id);
    if (index >= 0) this.#waiting.splice(index, 1);
    this.#cancels.get(id)?.abort();
    this.#dispatch(transfersSlice.actions.removed(id));
  }

  async #next(): Promise<void> {
    if (this.#active >= SIDE_BY_SIDE) return;
    const wanted = this.#waiting.shift();
    if (wanted === undefined) return;
    this.#active += 1;
    await this.#work(wanted);
    this.#active -= 1;
    if (this.#active === 0) removeEventListener("beforeunload", askBeforeLeaving);
    void this.#next();
  }

  async #work({ id, project, path, file }: Wanted & { id: string }): Promise<void> {
    const cancel = new AbortController();
    this.#cancels.set(id, cancel);
    addEventListener("beforeunload", askBeforeLeaving);
    const { changed } = transfersSlice.actions;
    let shown = 0;
    this.#dispatch(changed({ id, state: "sending" }));
    const fault = await upload(
      file,
      places.bytes(project, path),
      {
        sent: (sent) => {
          const now = Date.now();
          if (now - shown < EVERY) return;
          shown = now;
          this.#dispatch(changed({ id, sent, state: "sending" }));
        },
        stalled: () => this.#dispatch(changed({ id, state: "stalled" })),
      },
      { signal: cancel.signal, ...(this.#send && { send: this.#send }) },
    );
    this.#cancels.delete(id);
    if (cancel.signal.aborted) return;
    if (fault === null) this.#dispatch(changed({ id, sent: file.size, state: "done" }));
    else this.#dispatch(changed({ id, state: "failed", why: describe(fault) }));
    this.#dispatch(api.util.invalidateTags(["Folder"]));
  }
}

function askBeforeLeaving(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

let queue: UploadQueue | undefined;

/** The page's queue. */
export const queueOf = (dispatch: Dispatch): UploadQueue => (queue ??= new UploadQueue(dispatch));
