import { createSlice, type PayloadAction } from "@reduxjs/toolkit";

export interface LiveState {
  status: "connecting" | "connected" | "lost";
  /** When the present status began (milliseconds). */
  since: number;
  /** The hub's version when this page was loaded. */
  version: string | null;
  /** The hub's version now, if it is another one. */
  newVersion: string | null;
}

const initialState: LiveState = { status: "connecting", since: 0, version: null, newVersion: null };

/** The state of the live connection, as the page shows it. */
export const liveSlice = createSlice({
  name: "live",
  initialState,
  reducers: {
    connected(state, { payload }: PayloadAction<number>) {
      state.status = "connected";
      state.since = payload;
    },
    lost(state, { payload }: PayloadAction<number>) {
      if (state.status === "lost") return;
      state.status = "lost";
      state.since = payload;
    },
    versionSaid(state, { payload }: PayloadAction<string>) {
      state.version ??= payload;
      state.newVersion = payload === state.version ? null : payload;
    },
  },
});
