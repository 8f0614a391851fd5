import type { Draft } from "./saver.ts";

const key = (project: string, path: string): string => `lyceum.draft:${project}:${path}`;

/** Keeps text that is not on disk yet in this browser, so that a closed window or a lost network loses none. */
export function keepDraft(project: string, path: string, draft: Draft | null): void {
  try {
    if (draft === null) localStorage.removeItem(key(project, path));
    else localStorage.setItem(key(project, path), JSON.stringify(draft));
  } catch {
    // No room: the text is still in the editor, and is saved to disk as soon as that works.
  }
}

export function draftOf(project: string, path: string): Draft | null {
  try {
    const stored = localStorage.getItem(key(project, path));
    return stored === null ? null : (JSON.parse(stored) as Draft);
  } catch {
    return null;
  }
}
