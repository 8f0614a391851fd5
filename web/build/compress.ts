import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";

import type { Plugin } from "vite";

const zip = promisify(gzip);
const TEXT = /\.(html|js|css|svg|json|txt|map)$/;
/** Below this a compressed file saves less than it costs. */
const SMALLEST = 1024;

/** Writes `<file>.gz` beside each file of the build that compresses, so that the web server need not. */
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
      for (const name of names.filter((each) => TEXT.test(each))) {
        const content = await readFile(join(folder, name));
        if (content.length < SMALLEST) continue;
        await writeFile(
          join(folder, `${name}.gz`),
          await zip(content, { level: constants.Z_BEST_COMPRESSION }),
        );
      }
    },
  };
}
