import { createSlice, type PayloadAction } from "@reduxjs/toolkit";

/** One upload, as the page shows it. */
export interface Transfer {
  id: string;
  project: string;
  /** Where it goes, relative to the project's home. */
  path: string;
  /** Bytes. */
  size: number;
  /** Bytes that have arrived. */
  sent: number;
  state: "waiting" | "sending" | "stalled" | "done" | "failed";
  /** Why it failed, as a sentence. */
  why?: string;
}

const nothing: Transfer[] = [];

/** The uploads of this page, the oldest first. The files themselves are with `queue.ts`. */
export const transfersSlice = createSlice({
  name: "transfers",
  initialState: nothing,
  reducers: {
    added(state, { payload }: PayloadAction<Transfer>) {
      state.push(payload);
    },
    changed(state, { payload: { id, ...fields } }: PayloadAction<Partial<Transfer> & { id: string }>) {
      const found = state.find((each) => each.id === id);
      if (found !== undefined) Object.assign(found, fields);
    },
    removed(state, { payload }: PayloadAction<string>) {
      return state.filter((each) => each.id !== payload);
    },
    /** Those that are over are listed no more. */
    cleared(state) {
      return state.filter((each) => !isOver(each));
    },
  },
});

export const isOver = (transfer: Transfer): boolean =>
  transfer.state === "done" || transfer.state === "failed";
