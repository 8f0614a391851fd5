import type { Snapshot } from "../api/contract.ts";
import { dayOf } from "../ui/time.ts";

export interface Day {
  day: string;
  snapshots: Snapshot[];
}

/** The snapshots by day in the reader's time zone, newest first in both. */
export function byDay(snapshots: Snapshot[]): Day[] {
  const days = new Map<string, Snapshot[]>();
  const newestFirst = [...snapshots].sort((a, b) => b.time.localeCompare(a.time));
  for (const snapshot of newestFirst) {
    const day = dayOf(snapshot.time);
    const those = days.get(day);
    if (those) those.push(snapshot);
    else days.set(day, [snapshot]);
  }
  return [...days].map(([day, those]) => ({ day, snapshots: those }));
}
