import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Fault } from "../../src/api/fault.ts";
import { Saver, type SaveState } from "../../src/editor/saver.ts";

const fault = (code: string, status: number): Fault => ({ code, message: "", status });

function make() {
  const said: SaveState["kind"][] = [];
  const editor = { text: "" };
  const write = vi.fn<(content: string, since: string | null) => Promise<{ modified: string }>>();
  write.mockResolvedValue({ modified: "t1" });
  const keep = vi.fn();
  const saver = new Saver(
    { write, text: () => editor.text, keep, changed: (state) => void said.push(state.kind) },
    "t0",
    0,
  );
  const type = (text: string) => {
    editor.text = text;
    saver.edited();
  };
  return { saver, editor, write, keep, said, type };
}

describe("saving", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("happens by itself after a pause, upon the file that was read", async () => {
    const { write, said, type, keep } = make();
    type("a");
    type("ab");
    expect(keep).toHaveBeenLastCalledWith({ content: "ab", base: "t0" });
    await vi.advanceTimersByTimeAsync(1000);
    expect(write.mock.calls).toEqual([["ab", "t0"]]);
    expect(said.at(-1)).toBe("saved");
    expect(keep).toHaveBeenLastCalledWith(null);
    type("abc");
    await vi.advanceTimersByTimeAsync(1000);
    expect(write).toHaveBeenLastCalledWith("abc", "t1");
  });

  it("does not wait for ever for somebody who never pauses", async () => {
    const { write, type } = make();
    for (let n = 0; n < 20; n += 1) {
      type("x".repeat(n));
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(write).toHaveBeenCalled();
  });

  it("writes one at a time, and again what was typed meanwhile", async () => {
    const { saver, write, type } = make();
    let finish: (written: { modified: string }) => void = () => undefined;
    write.mockReturnValueOnce(new Promise((resolve) => (finish = resolve)));
    type("first");
    const saving = saver.flush();
    await vi.advanceTimersByTimeAsync(0);
    type("second");
    await vi.advanceTimersByTimeAsync(3000);
    expect(write).toHaveBeenCalledTimes(1);
    finish({ modified: "t1" });
    await saving;
    await vi.advanceTimersByTimeAsync(1000);
    expect(write).toHaveBeenLastCalledWith("second", "t1");
  });

  it("overwrites nothing that was changed elsewhere: the person decides", async () => {
    const { saver, write, said, type } = make();
    write.mockRejectedValueOnce(fault("changed_on_disk", 409));
    type("mine");
    await vi.advanceTimersByTimeAsync(1000);
    expect(said.at(-1)).toBe("conflict");
    type("mine too");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(write).toHaveBeenCalledTimes(1);
    await saver.resolve("t5");
    expect(write).toHaveBeenLastCalledWith("mine too", "t5");
    expect(said.at(-1)).toBe("saved");
  });

  it("keeps the text while the network is away, and saves it afterwards", async () => {
    const { write, said, type, keep } = make();
    write.mockRejectedValueOnce(fault("unreachable", 0));
    type("far away");
    await vi.advanceTimersByTimeAsync(1000);
    expect(said.at(-1)).toBe("waiting");
    expect(keep).toHaveBeenLastCalledWith({ content: "far away", base: "t0" });
    await vi.advanceTimersByTimeAsync(4000);
    expect(said.at(-1)).toBe("saved");
  });

  it("says why if it cannot, and does not ask again by itself", async () => {
    const { write, said, type } = make();
    write.mockRejectedValueOnce(fault("disk_quota", 507));
    type("too much");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(said.at(-1)).toBe("failed");
    expect(write).toHaveBeenCalledTimes(1);
  });
});
