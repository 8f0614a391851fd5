import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { delayBefore, LiveConnection, type LiveEvents, type Transport } from "../../src/live/connection.ts";

class Wire implements Transport {
  readonly sent: { id: number; event: string; table: string }[] = [];
  readonly #listeners = new Map<string, (data?: unknown) => void>();
  on(event: string, listener: (data?: unknown) => void) {
    this.#listeners.set(event, listener);
    return this;
  }
  send(text: string) {
    this.sent.push(JSON.parse(text) as { id: number; event: string; table: string });
  }
  close() {
    this.emit("close");
  }
  emit(event: string, data?: unknown) {
    this.#listeners.get(event)?.(data);
  }
  say(message: object) {
    this.emit("message", JSON.stringify(message));
  }
}

function make() {
  const wires: Wire[] = [];
  const events = {
    connected: vi.fn(),
    lost: vi.fn(),
    version: vi.fn(),
    signedOut: vi.fn(),
    rows: vi.fn(),
    changes: vi.fn(),
  } satisfies LiveEvents;
  const connection = new LiveConnection(events, ["projects"], () => {
    const wire = new Wire();
    wires.push(wire);
    return wire;
  });
  connection.start();
  const wire = (n: number) => wires[n] ?? expect.unreachable(`no connection ${n}`);
  return { connection, events, wires, wire };
}

describe("the live connection", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("subscribes, and passes rows and changes on by their table", () => {
    const { events, wire } = make();
    wire(0).emit("open");
    expect(events.connected).toHaveBeenCalledOnce();
    expect(wire(0).sent).toEqual([{ id: 1, event: "subscribe", table: "projects" }]);
    wire(0).say({ id: 1, event: "subscribe", subscription: 7, rows: [{ project_id: "a" }] });
    expect(events.rows).toHaveBeenCalledWith("projects", [{ project_id: "a" }]);
    const changes = [{ operation: "delete", key: "a" }];
    wire(0).say({ event: "changes", subscription: 7, changes });
    expect(events.changes).toHaveBeenCalledWith("projects", changes);
    wire(0).say({ event: "changes", subscription: 8, changes });
    expect(events.changes).toHaveBeenCalledOnce();
  });

  it("reconnects by itself, later each time, and subscribes anew", () => {
    const { events, wires, wire } = make();
    wire(0).emit("open");
    wire(0).emit("close");
    expect(events.lost).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(600);
    expect(wires).toHaveLength(2);
    wire(1).emit("close");
    vi.advanceTimersByTime(400);
    expect(wires).toHaveLength(2);
    vi.advanceTimersByTime(700);
    wire(2).emit("open");
    expect(wire(2).sent).toMatchObject([{ event: "subscribe", table: "projects" }]);
  });

  it("tries at once when told, and not at all once stopped", () => {
    const { connection, wires, wire } = make();
    wire(0).emit("close");
    connection.hurry();
    expect(wires).toHaveLength(2);
    connection.hurry();
    expect(wires).toHaveLength(2);
    connection.stop();
    vi.advanceTimersByTime(60_000);
    expect(wires).toHaveLength(2);
  });

  it("begins again if a subscription is refused", () => {
    const { events, wires, wire } = make();
    wire(0).emit("open");
    wire(0).say({ id: 1, event: "error", error: { code: "unavailable", message: "" } });
    expect(events.lost).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(600);
    expect(wires).toHaveLength(2);
  });

  it("says version and the end of the session", () => {
    const { events, wire } = make();
    wire(0).say({ event: "version", version: "2" });
    wire(0).say({ event: "signed_out" });
    expect(events.version).toHaveBeenCalledWith("2");
    expect(events.signedOut).toHaveBeenCalledOnce();
  });
});

it("waits between half and the whole of a doubling delay, at most 15 s", () => {
  expect(delayBefore(0, 0)).toBe(250);
  expect(delayBefore(0, 1)).toBe(500);
  expect(delayBefore(3, 1)).toBe(4000);
  expect(delayBefore(20, 1)).toBe(15_000);
});
