import type { Entry } from "../../src/api/contract.ts";

/** A file of a project in memory; the path of a folder ends with a slash. */
export interface File {
  content: string;
  modified: string;
}

/** What a folder holds, by name. */
export function entriesOf(files: Map<string, File>, folder: string, hidden: boolean): Entry[] {
  const prefix = folder === "" ? "" : `${folder}/`;
  const entries: Entry[] = [];
  for (const [path, file] of files) {
    if (!path.startsWith(prefix) || path === prefix) continue;
    const rest = path.slice(prefix.length);
    const isFolder = rest.endsWith("/");
    const name = isFolder ? rest.slice(0, -1) : rest;
    if (name.includes("/") || (name.startsWith(".") && !hidden)) continue;
    entries.push({
      name,
      type: isFolder ? "directory" : "file",
      size: file.content.length,
      modified: file.modified,
    });
  }
  return entries.sort((a, b) => a.name.localeCompare(b.name));
}

/** Moves or copies a file, or all in a folder. */
export function move(files: Map<string, File>, source: string, destination: string, keep: boolean): void {
  for (const [path, file] of [...files]) {
    if (path !== source && !path.startsWith(`${source}/`)) continue;
    files.set(destination + path.slice(source.length), { ...file });
    if (!keep) files.delete(path);
  }
}
