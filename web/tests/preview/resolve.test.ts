import { expect, it } from "vitest";

import { hasText, kindOf, pictureType } from "../../src/preview/kinds.ts";
import { resolve } from "../../src/preview/resolve.ts";
import { textOf } from "../../src/preview/source.ts";

it.each([
  ["", "a.png", "a.png"],
  ["docs", "a.png", "docs/a.png"],
  ["docs/x", "../a%20b.png?raw#top", "docs/a b.png"],
  ["docs", "/a.png", "a.png"],
  ["docs", "./x//y", "docs/x/y"],
  ["docs", "../../etc/passwd", null],
  ["docs", "https://example.org/a.png", null],
  ["docs", "//example.org/a.png", null],
  ["docs", "javascript:alert(1)", null],
  ["docs", "data:image/png;base64,AA", null],
  ["docs", "#part", null],
  ["docs", "%E0%A4", null],
])("in “%s”, %s means %s", (folder, reference, path) => {
  expect(resolve(folder, reference)).toBe(path);
});

it("tells kinds by the ending alone", () => {
  expect(kindOf("plots/A.PNG")).toBe("picture");
  expect(kindOf("a.svg")).toBe("drawing");
  expect(kindOf("README.md")).toBe("markdown");
  expect(kindOf("x.csv")).toBe("table");
  expect(kindOf("paper.pdf")).toBe("pdf");
  expect(kindOf("png")).toBeNull();
  expect(kindOf("a.png/notes")).toBeNull();
  expect([hasText("drawing"), hasText("picture"), hasText(null)]).toEqual([true, false, true]);
  expect(pictureType("a.jpg")).toBe("image/jpeg");
  expect(pictureType("a.html")).toBeUndefined();
});

it("takes only UTF-8 for text", () => {
  expect(textOf(new TextEncoder().encode("ü"))).toBe("ü");
  expect(textOf(new Uint8Array([0xff, 0xfe]))).toBeNull();
  expect(textOf(new Uint8Array([65, 0]))).toBeNull();
});
