import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Plugin } from "vite";

const PACKAGE = "node_modules/pdfjs-dist";
/** What PDF.js fetches by name while it draws: character maps, fonts, decoders. */
const FOLDERS = ["cmaps", "standard_fonts", "wasm"];

/** Puts the parts of PDF.js that it looks for at run time beside the hashed files. */
export function pdfParts(): Plugin {
  return {
    name: "pdf-parts",
    apply: "build",
    async generateBundle() {
      const { version } = JSON.parse(await readFile(join(PACKAGE, "package.json"), "utf8")) as {
        version: string;
      };
      for (const folder of FOLDERS) {
        for (const name of await readdir(join(PACKAGE, folder))) {
          if (name.endsWith(".wasm")) continue;
          const source = await readFile(join(PACKAGE, folder, name));
          this.emitFile({ type: "asset", fileName: `assets/pdfjs-${version}/${folder}/${name}`, source });
        }
      }
    },
  };
}
