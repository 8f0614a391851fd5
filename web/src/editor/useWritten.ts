import { useEffect, useState } from "react";

import type { Handle } from "./useFile.ts";

/** A preview follows what is typed after so long a pause (milliseconds). */
const PAUSE = 250;

/** What is written in the editor, in bytes, for a preview; null while none is wanted. */
export function useWritten(handle: Handle | null, wanted: boolean): Uint8Array<ArrayBuffer> | null {
  const [written, setWritten] = useState<Uint8Array<ArrayBuffer> | null>(null);
  useEffect(() => {
    if (handle === null || !wanted) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const take = () => setWritten(new TextEncoder().encode(handle.view.text));
    take();
    const stop = handle.view.onChange(() => {
      clearTimeout(timer);
      timer = setTimeout(take, PAUSE);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [handle, wanted]);
  return wanted ? written : null;
}
