import { describe, expect, it } from "vitest";

import type { Entry } from "../../src/api/contract.ts";
import { byColumn } from "../../src/files/order.ts";
import { baseName, freeName, inTrash, isName, join, parentOf, wayTo } from "../../src/files/path.ts";
import { readableSize } from "../../src/ui/size.ts";

describe("paths", () => {
  it("are taken apart and put together", () => {
    expect(parentOf("a/b/c")).toBe("a/b");
    expect(parentOf("a")).toBe("");
    expect(baseName("a/b c")).toBe("b c");
    expect(join("", "a")).toBe("a");
    expect(join("a", "b")).toBe("a/b");
    expect(wayTo("a/b")).toEqual([
      { name: "a", path: "a" },
      { name: "b", path: "a/b" },
    ]);
    expect(wayTo("")).toEqual([]);
    expect([inTrash(".trash"), inTrash(".trash/x"), inTrash(".trashes")]).toEqual([true, true, false]);
  });

  it("take names that a file system takes", () => {
    for (const good of ["a", "two words", "Übung 3.txt", "…", "-rf", "a'\"b", "日本語"])
      expect(isName(good)).toBe(true);
    for (const bad of ["", ".", "..", "a/b", "a\0b", "ü".repeat(128)]) expect(isName(bad)).toBe(false);
  });

  it("find a free name beside those that are taken", () => {
    expect(freeName("a.txt", new Set())).toBe("a.txt");
    expect(freeName("a.txt", new Set(["a.txt", "a (2).txt"]))).toBe("a (3).txt");
    expect(freeName(".bashrc", new Set([".bashrc"]))).toBe(".bashrc (2)");
  });
});

it("sorts folders first, and numbers as people count", () => {
  const entry = (name: string, type: Entry["type"] = "file", size = 0): Entry => ({
    name,
    type,
    size,
    modified: "",
  });
  const entries = [entry("run 10"), entry("run 2", "file", 9), entry("z", "directory"), entry("Alpha")];
  const names = (column: "name" | "size", descending: boolean) =>
    [...entries].sort(byColumn({ column, descending })).map((each) => each.name);
  expect(names("name", false)).toEqual(["z", "Alpha", "run 2", "run 10"]);
  expect(names("size", true)).toEqual(["z", "run 2", "Alpha", "run 10"]);
});

it("says sizes as people read them", () => {
  expect([0, 999, 1000, 1234, 99_500, 999_600, 12_345_678].map(readableSize)).toEqual([
    "0 bytes",
    "999 bytes",
    "1.0 kB",
    "1.2 kB",
    "100 kB",
    "1.0 MB",
    "12 MB",
  ]);
});
