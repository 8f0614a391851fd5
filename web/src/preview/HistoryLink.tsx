import { ActionIcon } from "@mantine/core";
import { Link } from "react-router";

import { places } from "../app/places.ts";
import { laterTexts } from "../texts/later.ts";
import { IconHistory } from "../ui/icons.ts";

/** Leads to what a file was in snapshots. */
export function HistoryLink({ project, path }: { project: string; path: string }) {
  return (
    <ActionIcon
      component={Link}
      to={places.snapshots(project, path)}
      variant="subtle"
      color="gray"
      aria-label={laterTexts.editor.history}
      title={laterTexts.editor.history}
    >
      <IconHistory size={16} aria-hidden />
    </ActionIcon>
  );
}
