import { describe, faultOf } from "../api/fault.ts";

export interface Notice {
  title?: string;
  message: string;
  kind: "done" | "refused";
  /** Takes back what the notice speaks of. */
  undo?: () => unknown;
}

let wanted = false;
const watchers = new Set<() => void>();

/** Whether anything was ever told: what shows notices is not loaded before. */
export const noticesWanted = (): boolean => wanted;

export function onNoticesWanted(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

function show(notice: Notice): void {
  wanted = true;
  for (const watcher of watchers) watcher();
  void import("./notices.tsx").then((notices) => notices.show(notice));
}

/** Says that something was done. */
export const tell = (message: string): void => show({ message, kind: "done" });

/** Says that something was done, and offers to take it back. */
export const tellWithUndo = (message: string, undo: () => unknown): void =>
  show({ message, kind: "done", undo });

/** Says that something was refused, and why; what was shown ahead of the answer has been taken back. */
export const tellFault = (title: string, error: unknown): void =>
  show({ title, message: describe(faultOf(error)), kind: "refused" });
