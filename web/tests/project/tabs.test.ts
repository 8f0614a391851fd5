import { describe, expect, it } from "vitest";

import {
  loadTabs,
  moved,
  newTerminal,
  numberOf,
  storeTabs,
  tabsSlice,
  type Tab,
} from "../../src/project/tabs.ts";

const { opened, closed, pathGone, pathMoved, terminalForgotten } = tabsSlice.actions;
const file = (path: string): Tab => ({ kind: "file", path });
const terminal = (number: number): Tab => ({ kind: "terminal", session: `${number}-x`, number });

function after(...actions: Parameters<typeof tabsSlice.reducer>[1][]) {
  return actions.reduce(tabsSlice.reducer, {}).p;
}

describe("tabs", () => {
  it("are opened once, and closed", () => {
    const state = after(
      opened({ project: "p", tab: file("a") }),
      opened({ project: "p", tab: file("a") }),
      opened({ project: "p", tab: file("b") }),
      closed({ project: "p", tab: file("a") }),
    );
    expect(state?.open).toEqual([file("b")]);
  });

  it("of a terminal can be closed while the terminal goes on", () => {
    const open = opened({ project: "p", tab: terminal(1) });
    expect(after(open, closed({ project: "p", tab: terminal(1) }))).toEqual({
      open: [],
      terminals: [terminal(1)],
    });
    expect(after(open, terminalForgotten({ project: "p", session: "1-x" }))).toEqual({
      open: [],
      terminals: [],
    });
  });

  it("follow a renamed folder, and go with a deleted one", () => {
    const both = [opened({ project: "p", tab: file("a/b") }), opened({ project: "p", tab: file("ab") })];
    expect(after(...both, pathMoved({ project: "p", from: "a", to: "c" }))?.open).toEqual([
      file("c/b"),
      file("ab"),
    ]);
    expect(after(...both, pathGone({ project: "p", path: "a" }))?.open).toEqual([file("ab")]);
    expect(moved("a", "a", "c")).toBe("c");
  });

  it("survive a reload, also one after a broken or forbidden store", () => {
    const state = { p: { open: [file("a")], terminals: [] } };
    storeTabs(localStorage, state);
    expect(loadTabs(localStorage)).toEqual(state);
    localStorage.setItem("lyceum.tabs", "[broken");
    expect(loadTabs(localStorage)).toEqual({});
    const full = {
      setItem: () => {
        throw new Error("full");
      },
    } as unknown as Storage;
    expect(() => storeTabs(full, state)).not.toThrow();
  });
});

it("numbers a new terminal with the first free number, under a name of its own", () => {
  const made = newTerminal([{ number: 1 }, { number: 3 }]);
  expect(made.number).toBe(2);
  expect(made.session).toMatch(/^2-[a-z0-9]+$/);
  expect(numberOf(made.session)).toBe(2);
  expect(numberOf("shared")).toBe(1);
});
