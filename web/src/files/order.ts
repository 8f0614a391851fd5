import type { Entry } from "../api/contract.ts";

export type Column = "name" | "size" | "modified";

export interface Order {
  column: Column;
  descending: boolean;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** Compares entries for a list: folders first, then by the column, equal ones by name ("2" before "10"). */
export function byColumn({ column, descending }: Order): (a: Entry, b: Entry) => number {
  const sign = descending ? -1 : 1;
  return (a, b) => {
    const folders = Number(b.type === "directory") - Number(a.type === "directory");
    if (folders !== 0) return folders;
    const byName = collator.compare(a.name, b.name);
    if (column === "size") return sign * (a.size - b.size) || byName;
    if (column === "modified") return sign * a.modified.localeCompare(b.modified) || byName;
    return sign * byName;
  };
}
