import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { budget } from "./build/budget.ts";
import { compress } from "./build/compress.ts";
import { pdfParts } from "./build/pdf.ts";

/** Where `npm run dev` finds an instance: a lab, or the tests' fake one (`npm run fake`). */
const instance = process.env.LYCEUM_INSTANCE ?? "http://127.0.0.1:5199";
const passOn = { target: instance, changeOrigin: true, secure: false, ws: true };

export default defineConfig({
  plugins: [react(), pdfParts(), budget(200_000), compress()],
  worker: { format: "es" },
  build: {
    target: "es2022",
    // Nothing inline: the content security policy allows only files of the instance itself.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: { "/api": passOn, "/hub": passOn, "^/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/": passOn },
  },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    css: false,
    testTimeout: 30_000,
    restoreMocks: true,
    unstubGlobals: true,
  },
});
