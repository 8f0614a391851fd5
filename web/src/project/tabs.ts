import { createSlice, type PayloadAction } from "@reduxjs/toolkit";

export interface FileTab {
  kind: "file";
  path: string;
}

export interface TerminalTab {
  kind: "terminal";
  session: string;
  number: number;
}

export type Tab = FileTab | TerminalTab;

interface ProjectTabs {
  open: Tab[];
  /** Terminals made in this browser, also those whose tab was closed: they go on running. */
  terminals: TerminalTab[];
}

export type TabsState = Record<string, ProjectTabs>;

interface InProject {
  project: string;
}

const NOTHING: ProjectTabs = { open: [], terminals: [] };
const nothingOpen: TabsState = {};
const STORED = "lyceum.tabs";

export function sameTab(a: Tab, b: Tab): boolean {
  if (a.kind === "file") return b.kind === "file" && a.path === b.path;
  return b.kind === "terminal" && a.session === b.session;
}

export const tabKey = (tab: Tab): string =>
  tab.kind === "file" ? `file:${tab.path}` : `terminal:${tab.session}`;

/** The path after a rename of `from` to `to`, for what was renamed and for all that lies in it. */
export function moved(path: string, from: string, to: string): string {
  if (path === from) return to;
  return path.startsWith(`${from}/`) ? to + path.slice(from.length) : path;
}

/** What is open in each project; kept by this browser over a reload. */
export const tabsSlice = createSlice({
  name: "tabs",
  initialState: nothingOpen,
  reducers: {
    opened(state, { payload: { project, tab } }: PayloadAction<InProject & { tab: Tab }>) {
      const tabs = (state[project] ??= { open: [], terminals: [] });
      if (!tabs.open.some((other) => sameTab(other, tab))) tabs.open.push(tab);
      if (tab.kind === "terminal" && !tabs.terminals.some((other) => sameTab(other, tab)))
        tabs.terminals.push(tab);
    },
    closed(state, { payload: { project, tab } }: PayloadAction<InProject & { tab: Tab }>) {
      const tabs = state[project];
      if (tabs) tabs.open = tabs.open.filter((other) => !sameTab(other, tab));
    },
    /** The terminal has ended, or is to be listed no more. */
    terminalForgotten(
      state,
      { payload: { project, session } }: PayloadAction<InProject & { session: string }>,
    ) {
      const tabs = state[project];
      if (!tabs) return;
      tabs.terminals = tabs.terminals.filter((tab) => tab.session !== session);
      tabs.open = tabs.open.filter((tab) => tab.kind !== "terminal" || tab.session !== session);
    },
    pathMoved(
      state,
      { payload: { project, from, to } }: PayloadAction<InProject & { from: string; to: string }>,
    ) {
      for (const tab of state[project]?.open ?? [])
        if (tab.kind === "file") tab.path = moved(tab.path, from, to);
    },
    pathGone(state, { payload: { project, path } }: PayloadAction<InProject & { path: string }>) {
      const tabs = state[project];
      if (!tabs) return;
      tabs.open = tabs.open.filter(
        (tab) => tab.kind !== "file" || (tab.path !== path && !tab.path.startsWith(`${path}/`)),
      );
    },
  },
});

interface Root {
  tabs: TabsState;
}

export const selectTabs = (root: Root, project: string): ProjectTabs => root.tabs[project] ?? NOTHING;

/** A terminal not used before: the first free number, and a session name that nobody else in the project has. */
export function newTerminal(known: { number: number }[]): TerminalTab {
  const numbers = new Set(known.map((tab) => tab.number));
  let number = 1;
  while (numbers.has(number)) number += 1;
  const random = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  return { kind: "terminal", session: `${number}-${random.toString(36)}`, number };
}

/** The number in a session's name, for a terminal that was opened by its address. */
export const numberOf = (session: string): number => Number.parseInt(session, 10) || 1;

export function loadTabs(storage: Storage): TabsState {
  try {
    const stored: unknown = JSON.parse(storage.getItem(STORED) ?? "{}");
    return typeof stored === "object" && stored !== null && !Array.isArray(stored)
      ? (stored as TabsState)
      : {};
  } catch {
    return {};
  }
}

export function storeTabs(storage: Storage, tabs: TabsState): void {
  try {
    storage.setItem(STORED, JSON.stringify(tabs));
  } catch {
    // A browser that stores nothing (private window, full) still has its tabs until the page is left.
  }
}
