import { gzipSync } from "node:zlib";

import type { Plugin } from "vite";

export interface Chunk {
  fileName: string;
  /** Chunks that the browser loads together with this one. */
  imports: string[];
  styles: string[];
  isEntry: boolean;
}

/** The files that a browser loads from the first page on, until somebody asks for more than the way to a project's files. */
export function loadedFirst(chunks: ReadonlyMap<string, Chunk>): Set<string> {
  const found = new Set<string>();
  const queue = [...chunks.values()].filter((chunk) => chunk.isEntry).map((chunk) => chunk.fileName);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    const chunk = chunks.get(name);
    for (const style of chunk?.styles ?? []) found.add(style);
    queue.push(...(chunk?.imports ?? []));
  }
  return found;
}

/** Fails the build when what is loaded before editor and terminal weighs more than `limit` bytes compressed (gzip). */
export function budget(limit: number): Plugin {
  return {
    name: "budget",
    apply: "build",
    writeBundle(_options, bundle) {
      const chunks = new Map<string, Chunk>();
      const sizes = new Map<string, number>();
      for (const file of Object.values(bundle)) {
        const source = file.type === "chunk" ? file.code : file.source;
        sizes.set(file.fileName, gzipSync(source).length);
        if (file.type !== "chunk") continue;
        const styles = [...(file.viteMetadata?.importedCss ?? [])];
        chunks.set(file.fileName, {
          fileName: file.fileName,
          imports: file.imports,
          styles,
          isEntry: file.isEntry,
        });
      }
      const first = [...loadedFirst(chunks)];
      const total = first.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
      const words = `${(total / 1000).toFixed(1)} kB compressed before editor and terminal (limit ${limit / 1000} kB)`;
      const list = first.map((name) => `${name} ${sizes.get(name) ?? 0}`).join("\n  ");
      if (total > limit) this.error(`Too heavy: ${words}. Loaded first:\n  ${list}`);
      this.info(words);
    },
  };
}
