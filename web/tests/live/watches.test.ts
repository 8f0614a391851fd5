import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { steady } from "../../src/live/steady.ts";
import { Watches } from "../../src/live/watches.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function make() {
  let last = 0;
  const sent: object[] = [];
  const watches = new Watches(() => (last += 1));
  const connect = () => watches.connected((message) => sent.push(message));
  return { watches, sent, connect };
}

const asked = (id: number) => ({ id, event: "watch", project_id: "p", path: "data" });

describe("watched files", () => {
  it("are asked for on each connection, and looked at once they are watched", () => {
    const { watches, sent, connect } = make();
    const changed = vi.fn();
    watches.add({ project: "p", path: "data", changed });
    connect();
    expect(sent).toEqual([asked(1)]);
    expect(watches.receive({ id: 1, event: "watch", watch: 7 })).toBe(true);
    expect(changed).toHaveBeenCalledTimes(1);
    watches.receive({ event: "file_changes", watch: 7 });
    watches.receive({ event: "file_changes", watch: 8 });
    expect(changed).toHaveBeenCalledTimes(2);
    watches.lost();
    connect();
    expect(sent).toEqual([asked(1), asked(2)]);
  });

  it("are let go, also if the answer comes afterwards", () => {
    const { watches, sent, connect } = make();
    connect();
    const first = watches.add({ project: "p", path: "data", changed: vi.fn() });
    watches.receive({ id: 1, event: "watch", watch: 7 });
    first();
    const second = watches.add({ project: "p", path: "data", changed: vi.fn() });
    second();
    watches.receive({ id: 3, event: "watch", watch: 8 });
    expect(sent).toEqual([
      asked(1),
      { id: 2, event: "unwatch", watch: 7 },
      asked(3),
      { id: 4, event: "unwatch", watch: 8 },
    ]);
  });

  it("are asked for again after an end or a refusal that passes, not if there is no such thing", () => {
    const { watches, sent, connect } = make();
    connect();
    const changed = vi.fn();
    watches.add({ project: "p", path: "data", changed });
    watches.receive({ id: 1, event: "error", error: { code: "unavailable" } });
    vi.advanceTimersByTime(1000);
    watches.receive({ id: 2, event: "watch", watch: 7 });
    watches.receive({ event: "watch_ended", watch: 7 });
    expect(changed).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1000);
    watches.receive({ id: 3, event: "error", error: { code: "not_found" } });
    vi.advanceTimersByTime(100_000);
    expect(sent).toEqual([asked(1), asked(2), asked(3)]);
  });

  it("leave other messages to others", () => {
    const { watches } = make();
    expect(watches.receive({ event: "changes" })).toBe(false);
    expect(watches.receive({ id: 9, event: "error", error: { code: "x" } })).toBe(false);
  });
});

describe("a steady look", () => {
  it("is taken at once, and once more for all that came meanwhile", async () => {
    const work = vi.fn(() => Promise.resolve());
    const { run, stop } = steady(work);
    for (let n = 0; n < 50; n += 1) run();
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(2000);
    expect(work).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(work).toHaveBeenCalledTimes(2);
    run();
    run();
    stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(work).toHaveBeenCalledTimes(3);
  });
});
