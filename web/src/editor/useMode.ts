import { useLocalStorage } from "@mantine/hooks";

import type { Kind } from "../preview/kinds.ts";

/** How a file is looked at: as text, as what the text means, or both. */
export type Mode = "text" | "both" | "preview";

/** What people expect who have chosen nothing: a table to read, a text to write and to see. */
const FIRST: Record<Kind, Mode> = {
  table: "preview",
  markdown: "both",
  drawing: "both",
  picture: "preview",
  pdf: "preview",
};

/** How files of a kind are looked at in this browser; one without a preview is text. */
export function useMode(kind: Kind | null): [Mode, (mode: Mode) => void] {
  const [mode, setMode] = useLocalStorage<Mode>({
    key: `lyceum.view.${kind ?? "text"}`,
    defaultValue: kind === null ? "text" : FIRST[kind],
    getInitialValueInEffect: false,
  });
  return [kind === null ? "text" : mode, setMode];
}
