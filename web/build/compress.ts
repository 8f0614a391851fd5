import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import type { Plugin } from "vite";

const zip = promisify(gzip);
const brotli = promisify(brotliCompress);
const TEXT = /\.(html|js|css|svg|json|txt|map)$/;
/** Below this a compressed file saves less than it costs. */
const SMALLEST = 1024;

/** Writes `<file>.gz` and `<file>.br` beside each file of the build that compresses, so that the web server need not. */
export function compress(): Plugin {
  let folder = "dist";
  return {
    name: "compress",
    apply: "build",
    configResolved(config) {
      folder = config.build.outDir;
    },
    async closeBundle() {
      const names = await readdir(folder, { recursive: true });
      await Promise.all(
        names
          .filter((each) => TEXT.test(each))
          .map(async (name) => {
            const file = join(folder, name);
            const content = await readFile(file);
            if (content.length < SMALLEST) return;
            await writeFile(`${file}.gz`, await zip(content, { level: constants.Z_BEST_COMPRESSION }));
            await writeFile(`${file}.br`, await brotli(content));
          }),
      );
    },
  };
}
