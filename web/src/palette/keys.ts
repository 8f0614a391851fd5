import { useHotkeys } from "@mantine/hooks";

/** Ctrl-K (Command-K) opens the commands, also from a form's field; a terminal and the editor keep the keys that they know. */
export function usePaletteKeys(open: () => void): void {
  useHotkeys(
    [
      ["mod+K", open],
      ["F1", open],
    ],
    ["TEXTAREA"],
    true,
  );
}
