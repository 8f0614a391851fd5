import { useSyncExternalStore } from "react";

import { ago, exact } from "./time.ts";

const EVERY = 20_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let tick = 0;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    tick += 1;
    for (const each of listeners) each();
  }, EVERY);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** A time in words that stay true while the page is open ("3 minutes ago"); the exact time on hover. */
export function Ago({ time, words }: { time: string | number; words?: (when: string) => string }) {
  useSyncExternalStore(subscribe, () => tick);
  const when = ago(time);
  return (
    <time dateTime={new Date(time).toISOString()} title={exact(time)}>
      {words === undefined ? when : words(when)}
    </time>
  );
}
