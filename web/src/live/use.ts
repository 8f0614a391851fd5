import { useEffect } from "react";

import { api } from "../api/api.ts";
import type { Change, Project } from "../api/contract.ts";
import { useAppStore, type Store } from "../app/store.ts";
import { projectsSlice } from "../projects/slice.ts";
import { LiveConnection, openEngine, type OpenTransport } from "./connection.ts";
import { liveSlice } from "./slice.ts";
import type { Watched } from "./watches.ts";

/** Passes what the live connection says into the store. */
export function connectStore(store: Store, open: OpenTransport = openEngine): LiveConnection {
  const { dispatch } = store;
  return new LiveConnection(
    {
      connected: () => dispatch(liveSlice.actions.connected(Date.now())),
      lost: () => {
        dispatch(liveSlice.actions.lost(Date.now()));
        // Whether the session has ended meanwhile is said by the answer to this.
        dispatch(api.util.invalidateTags(["Account"]));
      },
      version: (version) => dispatch(liveSlice.actions.versionSaid(version)),
      signedOut: () => dispatch(api.util.invalidateTags(["Account"])),
      rows: (_table, rows) => dispatch(projectsSlice.actions.rowsArrived(rows as Project[])),
      changes: (_table, changes) =>
        dispatch(projectsSlice.actions.changesArrived(changes as Change<Project>[])),
    },
    ["projects"],
    open,
  );
}

let current: LiveConnection | undefined;

/** Tries to reconnect at once. */
export const reconnectNow = (): void => current?.hurry();

/** Tells of changes in a folder or file until what is returned is called. */
export const watchFiles = (watched: Watched): (() => void) =>
  current?.watches.add(watched) ?? (() => undefined);

/** Keeps the live connection while the component is there, that is while somebody is signed in. */
export function useLive(open: OpenTransport = openEngine): void {
  const store = useAppStore();
  useEffect(() => {
    const connection = connectStore(store, open);
    current = connection;
    const hurry = () => connection.hurry();
    const onVisible = () => {
      if (document.visibilityState === "visible") hurry();
    };
    connection.start();
    const suspend = () => connection.suspend();
    addEventListener("online", hurry);
    addEventListener("offline", suspend);
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      removeEventListener("online", hurry);
      removeEventListener("offline", suspend);
      document.removeEventListener("visibilitychange", onVisible);
      connection.stop();
      current = undefined;
    };
  }, [store, open]);
}
