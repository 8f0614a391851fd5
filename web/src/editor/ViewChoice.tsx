import "@mantine/core/styles/FloatingIndicator.css";
import "@mantine/core/styles/SegmentedControl.css";

import { SegmentedControl } from "@mantine/core";

import { laterTexts } from "../texts/later.ts";
/** How a file can be looked at. */
export type Way = "text" | "both" | "preview" | "compare";

interface Props<Mode extends Way> {
  modes: Mode[];
  mode: Mode;
  onMode: (mode: Mode) => void;
}

export function ViewChoice<Mode extends Way>({ modes, mode, onMode }: Props<Mode>) {
  return (
    <SegmentedControl
      size="xs"
      aria-label={laterTexts.preview.view}
      data={modes.map((value) => ({ value, label: laterTexts.preview[value] }))}
      value={mode}
      onChange={(value) => onMode(value)}
    />
  );
}
