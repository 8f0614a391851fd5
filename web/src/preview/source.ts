import { createContext, useContext, useEffect, useState } from "react";

import { getBytes } from "../api/call.ts";
import { faultOf, type Fault } from "../api/fault.ts";
import { places } from "../app/places.ts";

/** Where a preview gets files from: the project as it is, or as it was. */
export interface Source {
  /** The bytes of a file. Rejects with a `Fault`. */
  load: (path: string, signal: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>;
  /** The address of a file or folder that a text links to. */
  placeOf: (path: string) => string;
}

/** Of more no preview is made: it would have to be held in memory whole. */
const MOST = 50_000_000;

/** The project's files as they are now. */
export const filesNow = (id: string): Source => ({
  load: (path, signal) => getBytes(places.bytes(id, path), MOST, signal),
  placeOf: (path) => places.file(id, path),
});

export const SourceContext = createContext<Source | null>(null);

export function useSource(): Source {
  const source = useContext(SourceContext);
  if (source === null) throw new Error("a preview needs a source");
  return source;
}

export type Loaded =
  { bytes: Uint8Array<ArrayBuffer>; fault?: undefined } | { bytes?: undefined; fault: Fault };

/** The bytes of a file, loaded anew with each revision; what was loaded before stays until then. */
export function useBytes(path: string, revision = 0): Loaded | null {
  const source = useSource();
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    source.load(path, stop.signal).then(
      (bytes) => setLoaded({ bytes }),
      (error: unknown) => {
        if (!stop.signal.aborted) setLoaded({ fault: faultOf(error) });
      },
    );
    return () => stop.abort();
  }, [source, path, revision]);
  return loaded;
}

/** Text in UTF-8; null if the bytes are none. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}
