import { gzipSync } from "node:zlib";

import type { Plugin } from "vite";

export interface Chunk {
  fileName: string;
  imports: string[];
  dynamicImports: string[];
  styles: string[];
  isEntry: boolean;
  /** The module that a dynamic import named, if any. */
  facade: string | null;
}

/** Files that a browser loads before one of the modules in `later` is asked for, with everything reachable by other ways. */
export function loadedFirst(chunks: ReadonlyMap<string, Chunk>, later: readonly string[]): Set<string> {
  const found = new Set<string>();
  const queue = [...chunks.values()].filter((chunk) => chunk.isEntry).map((chunk) => chunk.fileName);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const chunk = chunks.get(name);
    if (chunk === undefined || found.has(name)) continue;
    if (later.some((module) => chunk.facade?.endsWith(module) === true)) continue;
    found.add(name);
    for (const style of chunk.styles) found.add(style);
    queue.push(...chunk.imports, ...chunk.dynamicImports);
  }
  return found;
}

/** Fails the build when what is loaded before editor and terminal weighs more than `limit` bytes compressed. */
export function budget({ limit, later }: { limit: number; later: readonly string[] }): Plugin {
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
        chunks.set(file.fileName, {
          fileName: file.fileName,
          imports: file.imports,
          dynamicImports: file.dynamicImports,
          styles: [...(file.viteMetadata?.importedCss ?? [])],
          isEntry: file.isEntry,
          facade: file.facadeModuleId,
        });
      }
      const first = loadedFirst(chunks, later);
      const total = [...first].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
      const words = `${(total / 1000).toFixed(1)} kB compressed before editor and terminal (limit ${limit / 1000} kB)`;
      if (total > limit) {
        const list = [...first].map((name) => `${name} ${sizes.get(name) ?? 0}`).join("\n  ");
        this.error(`Too heavy: ${words}. Loaded first:\n  ${list}`);
      }
      this.info(words);
    },
  };
}
