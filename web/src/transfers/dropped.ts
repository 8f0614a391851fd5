/** A file with where it lay below what was dropped: "thesis/data/a.csv", or its bare name. */
export interface Dropped {
  file: File;
  path: string;
}

/** All files that were dropped, those in folders too. */
export async function filesIn(entries: (FileSystemEntry | null)[]): Promise<Dropped[]> {
  const found = await Promise.all(
    entries.filter((entry) => entry !== null).map((entry) => filesOf(entry, "")),
  );
  return found.flat();
}

async function filesOf(entry: FileSystemEntry, folder: string): Promise<Dropped[]> {
  const path = folder + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ file, path }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const all: Dropped[] = [];
  for (;;) {
    // A reader gives a part of a large folder at a time, and nothing when there is no more.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0) return all;
    for (const each of part) all.push(...(await filesOf(each, `${path}/`)));
  }
}
