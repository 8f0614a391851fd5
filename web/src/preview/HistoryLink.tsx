import { ActionIcon } from "@mantine/core";
import { Link } from "react-router";

import { places } from "../app/places.ts";
import { texts } from "../texts/index.ts";
import { IconHistory } from "../ui/icons.ts";

/** Leads to what a file was in snapshots. */
export function HistoryLink({ project, path }: { project: string; path: string }) {
  return (
    <ActionIcon
      component={Link}
      to={places.snapshots(project, path)}
      variant="subtle"
      color="gray"
      aria-label={texts.editor.history}
      title={texts.editor.history}
    >
      <IconHistory size={16} aria-hidden />
    </ActionIcon>
  );
}
