import { useDocumentVisibility } from "@mantine/hooks";
import { useEffect, useRef } from "react";

import { steady } from "./steady.ts";
import { watchFiles } from "./use.ts";

interface Wanted {
  project: string;
  path: string;
  /** Not while the project is stopped, or nobody looks. */
  on: boolean;
}

/** Calls `look` when the folder or file may have changed, also at the beginning. A hidden page watches nothing. */
export function useWatch({ project, path, on }: Wanted, look: () => unknown): void {
  const visible = useDocumentVisibility() === "visible";
  const latest = useRef(look);
  useEffect(() => {
    latest.current = look;
  });
  useEffect(() => {
    if (!on || !visible) return undefined;
    const { run, stop } = steady(() => Promise.resolve(latest.current()));
    const unwatch = watchFiles({ project, path, changed: run });
    return () => {
      unwatch();
      stop();
    };
  }, [project, path, on, visible]);
}
