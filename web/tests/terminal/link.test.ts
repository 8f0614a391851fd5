import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { addressOf, TerminalLink, type LinkEvents, type Wire } from "../../src/terminal/link.ts";

class FakeWire implements Wire {
  binaryType = "";
  readyState = 0;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly sent: unknown[] = [];
  send(data: string | Uint8Array) {
    this.sent.push(typeof data === "string" ? JSON.parse(data) : new TextDecoder().decode(data));
  }
  close() {
    this.readyState = 3;
    this.onclose?.();
  }
  greet(history = 0) {
    this.readyState = 1;
    this.say({ hello: { session: "1-a", rows: 24, columns: 80, history_bytes: history } });
  }
  say(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

function make() {
  const wires: FakeWire[] = [];
  const addresses: string[] = [];
  const events = {
    hello: vi.fn(),
    output: vi.fn(),
    size: vi.fn(),
    exit: vi.fn(),
    lost: vi.fn(),
  } satisfies LinkEvents;
  const address = (size: { rows: number; columns: number }) =>
    addressOf("https://lyceum.example", "p", "1-a", size);
  const link = new TerminalLink(events, address, { rows: 30, columns: 100 }, (to) => {
    const wire = new FakeWire();
    wires.push(wire);
    addresses.push(to);
    return wire;
  });
  link.start();
  const wire = (n: number) => wires[n] ?? expect.unreachable(`no connection ${n}`);
  return { link, events, wires, wire, addresses };
}

describe("the connection to a terminal", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("asks for its size, and shows what comes", () => {
    const { events, wire, addresses } = make();
    expect(addresses).toEqual(["wss://lyceum.example/p/terminal/1-a?rows=30&columns=100"]);
    wire(0).greet(5);
    expect(events.hello).toHaveBeenCalledWith(5);
    expect(events.size).toHaveBeenCalledWith({ rows: 24, columns: 80 });
    expect(wire(0).sent).toEqual([{ resize: { rows: 30, columns: 100 } }]);
    wire(0).onmessage?.({ data: new TextEncoder().encode("hello").buffer });
    expect(new TextDecoder().decode(events.output.mock.calls[0]?.[0] as Uint8Array)).toBe("hello");
  });

  it("sends what was typed before it was there, and shortly after a break, but not much later", () => {
    const { link, wire } = make();
    link.type("ls\r");
    wire(0).greet();
    expect(wire(0).sent).toContain("ls\r");
    wire(0).close();
    link.type("pwd\r");
    vi.advanceTimersByTime(500);
    wire(1).greet();
    expect(wire(1).sent).toContain("pwd\r");
    wire(1).close();
    vi.setSystemTime(Date.now() + 60_000);
    link.type("rm -r old\r");
    vi.advanceTimersByTime(500);
    wire(2).greet();
    expect(wire(2).sent).not.toContain("rm -r old\r");
  });

  it("acknowledges what was shown, counted from the start of each connection", () => {
    const { link, wire } = make();
    wire(0).greet();
    const first = link.wire;
    link.processed(first, 20_000);
    expect(wire(0).sent).not.toContainEqual({ acknowledge: 20_000 });
    link.processed(first, 20_000);
    expect(wire(0).sent).toContainEqual({ acknowledge: 40_000 });
    wire(0).close();
    vi.advanceTimersByTime(500);
    wire(1).greet();
    link.processed(first, 100_000);
    link.processed(link.wire, 33_000);
    expect(wire(1).sent).toContainEqual({ acknowledge: 33_000 });
  });

  it("notices a network that vanished without a word", () => {
    const { events, wires, wire } = make();
    wire(0).greet();
    vi.advanceTimersByTime(25_000);
    wire(0).say({ pong: 1 });
    vi.advanceTimersByTime(40_000);
    expect(events.lost).not.toHaveBeenCalled();
    vi.advanceTimersByTime(40_000);
    expect(events.lost).toHaveBeenCalled();
    expect(wires.length).toBeGreaterThan(1);
  });

  it("stays ended when the shell has ended, until it is started again", () => {
    const { link, events, wires, wire } = make();
    wire(0).greet();
    wire(0).say({ exit: { code: 3 } });
    expect(events.exit).toHaveBeenCalledWith(3);
    wire(0).close();
    vi.advanceTimersByTime(60_000);
    expect(wires).toHaveLength(1);
    link.start();
    expect(wires).toHaveLength(2);
  });
});
