import { expect, it, vi } from "vitest";

import { endTerminal } from "../../src/terminal/end.ts";
import type { Wire } from "../../src/terminal/link.ts";

class FakeWire implements Wire {
  binaryType = "";
  readyState = 1;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly said: unknown[] = [];
  send(data: unknown) {
    this.said.push(data);
  }
  close() {
    this.onclose?.();
  }
}

it("asks a terminal to end, and says whether it did", async () => {
  const wire = new FakeWire();
  const ended = endTerminal("https://x", "p", "1-a", () => wire);
  wire.onopen?.();
  expect(wire.said).toEqual(['{"end":true}']);
  wire.onmessage?.({ data: '{"exit":{"code":0}}' });
  wire.close();
  expect(await ended).toBe(true);
});

it("gives up on one that never answers", async () => {
  vi.useFakeTimers();
  const wire = new FakeWire();
  const ended = endTerminal("https://x", "p", "1-a", () => wire);
  await vi.advanceTimersByTimeAsync(11_000);
  vi.useRealTimers();
  expect(await ended).toBe(false);
});
