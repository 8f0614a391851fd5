import { expect, it } from "vitest";

import { loadedFirst, type Chunk } from "../../build/budget.ts";

const chunk = (
  fileName: string,
  imports: string[] = [],
  styles: string[] = [],
  isEntry = false,
): [string, Chunk] => [fileName, { fileName, imports, styles, isEntry }];

it("counts the entry with all that it imports and their styles, each once, and nothing that is loaded on demand", () => {
  const chunks = new Map([
    chunk("index.js", ["a.js", "b.js"], ["index.css"], true),
    chunk("a.js", ["b.js"]),
    chunk("b.js", ["a.js"], ["b.css"]),
    chunk("editor.js", ["b.js"], ["editor.css"]),
  ]);
  expect([...loadedFirst(chunks)].sort()).toEqual(["a.js", "b.css", "b.js", "index.css", "index.js"]);
});
