import "@testing-library/jest-dom/vitest";

import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

import { FakeSocket } from "./fake/socket.ts";

vi.mock("engine.io-client", () => ({ Socket: FakeSocket }));

// A busy machine may take a while; a failure names what was sought, without the whole page.
configure({
  asyncUtilTimeout: 8000,
  getElementError: (message) => new Error(message ?? "not found"),
});

// What jsdom lacks and pages ask for: a layout. Everything has the size of a small window.
class Observer implements ResizeObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

beforeEach(() => {
  vi.stubGlobal("ResizeObserver", Observer);
  vi.stubGlobal("scrollTo", () => undefined);
  vi.stubGlobal("matchMedia", (media: string) => ({
    matches: media.includes("reduce"),
    media,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
  Blob.prototype.arrayBuffer = function arrayBuffer() {
    return new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result as ArrayBuffer);
      reader.readAsArrayBuffer(this);
    });
  };
  Range.prototype.getClientRects = () => [] as unknown as DOMRectList;
  Range.prototype.getBoundingClientRect = () => new DOMRect();
  Element.prototype.scrollIntoView = () => undefined;
  Object.defineProperty(Element.prototype, "clientHeight", { configurable: true, value: 600 });
  Object.defineProperty(Element.prototype, "clientWidth", { configurable: true, value: 800 });
});

afterEach(() => {
  cleanup();
  localStorage.clear();
});
