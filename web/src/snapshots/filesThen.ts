import { call } from "../api/call.ts";
import type { SnapshotFile } from "../api/contract.ts";
import { places } from "../app/places.ts";
import type { Source } from "../preview/source.ts";

/** The bytes that stand in base64. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) bytes[place] = text.charCodeAt(place);
  return bytes;
}

/** The project's files as they were in a snapshot. */
export const filesThen = (id: string, snapshot: string): Source => ({
  load: async (path, signal) => {
    const { data, error } = await call("read_snapshot_file", { project_id: id, snapshot, path }, signal);
    if (error !== undefined) throw error as unknown as Error;
    return bytesOf((data as SnapshotFile).content);
  },
  placeOf: (path) => places.snapshot(id, snapshot, path),
});
