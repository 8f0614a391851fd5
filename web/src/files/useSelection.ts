import { useRef, useState, type KeyboardEvent, type MouseEvent } from "react";

import type { Entry } from "../api/contract.ts";

const PAGE = 15;
const TYPING_PAUSE = 800;

/** Which entry is active and which are chosen: arrows, Home, End, pages, Space, Shift, Ctrl-A, and typing the start of a name. */
export function useSelection(entries: Entry[]) {
  const [activeName, setActiveName] = useState<string | null>(null);
  const [lastIndex, setLastIndex] = useState(-1);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [anchor, setAnchor] = useState(0);
  const typed = useRef({ text: "", at: 0 });
  const found = activeName === null ? -1 : entries.findIndex((entry) => entry.name === activeName);
  // An active entry that is gone leaves its place to the next one.
  const index = found >= 0 ? found : Math.min(lastIndex, entries.length - 1);

  const moveTo = (to: number) => {
    const next = Math.max(0, Math.min(entries.length - 1, to));
    setLastIndex(next);
    setActiveName(entries[next]?.name ?? null);
    return next;
  };
  const range = (from: number, to: number) =>
    new Set(entries.slice(Math.min(from, to), Math.max(from, to) + 1).map((entry) => entry.name));

  const go = (to: number, extend: boolean) => {
    const next = moveTo(to);
    if (extend) setChosen(range(anchor, next));
    else {
      setAnchor(next);
      setChosen(new Set());
    }
  };
  const toggle = (at: number) => {
    const name = entries[at]?.name;
    if (name === undefined) return;
    const next = new Set(chosen);
    if (!next.delete(name)) next.add(name);
    setChosen(next);
    setAnchor(at);
  };
  const typeahead = (key: string) => {
    const now = Date.now();
    const text = now - typed.current.at < TYPING_PAUSE ? typed.current.text + key : key;
    typed.current = { text, at: now };
    const from = text.length === 1 ? index + 1 : Math.max(0, index);
    const rotated = [...entries.slice(from), ...entries.slice(0, from)];
    const hit = rotated.find((entry) => entry.name.toLowerCase().startsWith(text.toLowerCase()));
    if (hit !== undefined) go(entries.indexOf(hit), false);
  };

  const onKey = (event: KeyboardEvent): boolean => {
    const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
    if (altKey) return false;
    if ((ctrlKey || metaKey) && key.toLowerCase() === "a") {
      setChosen(new Set(entries.map((entry) => entry.name)));
      return true;
    }
    if (ctrlKey || metaKey) return false;
    const steps: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + PAGE,
      PageUp: index - PAGE,
      Home: 0,
      End: entries.length - 1,
    };
    const step = steps[key];
    if (step !== undefined) go(step, shiftKey);
    else if (key === " ") toggle(index);
    else if (key === "Escape") setChosen(new Set());
    else if (key.length === 1) typeahead(key);
    else return false;
    return true;
  };

  const onClick = (at: number, event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey) {
      moveTo(at);
      toggle(at);
    } else go(at, event.shiftKey);
  };

  const present = entries.filter((entry) => chosen.has(entry.name)).map((entry) => entry.name);
  return {
    index,
    count: present.length,
    has: (name: string) => chosen.has(name),
    /** The chosen entries; without any, the one given. */
    chosenOr: (entry: Entry) => (present.length > 0 ? present : [entry.name]),
    /** Makes the first entry active if none is: a list that gets the focus has a place to begin. */
    begin: () => setActiveName((before) => before ?? entries[0]?.name ?? null),
    onKey,
    onClick,
  };
}
