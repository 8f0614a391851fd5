import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import Differences from "../../src/editor/Differences.tsx";

const left = { head: "On disk", label: "On disk: a.txt", text: "one\ntwo\nthree\n" };
const right = { head: "Yours", label: "Yours: a.txt", text: "one\n2\nthree\n" };

function show(narrow: boolean, onRight?: (read: () => string) => void) {
  vi.stubGlobal("matchMedia", (media: string) => ({
    matches: narrow,
    media,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
  render(<Differences left={left} right={right} dark={false} onRight={onRight} />, {
    wrapper: MantineProvider,
  });
}

test("two texts stand side by side", () => {
  show(false);
  expect(screen.getByLabelText("On disk: a.txt").textContent).toContain("two");
  expect(screen.getByLabelText("Yours: a.txt").textContent).toContain("2");
});

test("on a narrow screen they are in one column", () => {
  let read = () => "";
  show(true, (reader) => {
    read = reader;
  });
  expect(screen.queryByLabelText("On disk: a.txt")).toBeNull();
  const both = screen.getByLabelText("Yours: a.txt");
  expect(both.textContent).toContain("two");
  expect(both.textContent).toContain("2");
  expect(read()).toBe(right.text);
});
