import { ActionIcon, Skeleton } from "@mantine/core";
import { useMemo, useState } from "react";
import { Link } from "react-router";

import type { Project } from "../api/contract.ts";
import { places } from "../app/places.ts";
import { baseName } from "../files/path.ts";
import { useWatch } from "../live/useWatch.ts";
import { texts } from "../texts/index.ts";
import { laterTexts } from "../texts/later.ts";
import { IconDownload, IconHistory } from "../ui/icons.ts";
import { Problem } from "../ui/Problem.tsx";
import { isRunning } from "../ui/StateBadge.tsx";
import { useTitle } from "../ui/useTitle.ts";
import { kindOf } from "./kinds.ts";
import { Preview } from "./Preview.tsx";
import classes from "./PreviewPane.module.css";
import { filesNow, SourceContext, useBytes } from "./source.ts";
import { Way } from "./Way.tsx";

interface Props {
  project: Project;
  path: string;
  active: boolean;
}

/** A file that is looked at and not edited: a picture or a PDF. It follows what a program writes. */
export function PreviewPane({ project, path, active }: Props) {
  const id = project.project_id;
  const source = useMemo(() => filesNow(id), [id]);
  return (
    <div className={classes.pane}>
      {active && <PaneTitle title={`${baseName(path)} · ${project.title}`} />}
      <div className={classes.bar}>
        <Way root={places.folder(id, "")} path={path} placeOf={(to) => places.folder(id, to)} />
        <ActionIcon
          component="a"
          href={places.bytes(id, path)}
          download
          variant="subtle"
          color="gray"
          aria-label={laterTexts.preview.download}
          title={laterTexts.preview.download}
        >
          <IconDownload size={16} aria-hidden />
        </ActionIcon>
        <ActionIcon
          component={Link}
          to={places.snapshots(id, path)}
          variant="subtle"
          color="gray"
          aria-label={texts.editor.history}
          title={texts.editor.history}
        >
          <IconHistory size={16} aria-hidden />
        </ActionIcon>
      </div>
      <SourceContext value={source}>
        <Following id={id} path={path} on={active && isRunning(project.state)} />
      </SourceContext>
    </div>
  );
}

function Following({ id, path, on }: { id: string; path: string; on: boolean }) {
  const [revision, setRevision] = useState(0);
  const loaded = useBytes(path, revision);
  const again = () => {
    setRevision((before) => before + 1);
  };
  useWatch({ project: id, path, on: on && loaded !== null }, again);
  const kind = kindOf(path);
  if (loaded === null || kind === null)
    return <Skeleton m="md" height={240} role="status" aria-label={texts.common.loading} />;
  if (loaded.fault !== undefined) {
    const words =
      loaded.fault.code === "too_large"
        ? laterTexts.preview.tooLarge
        : loaded.fault.code === "not_found"
          ? texts.editor.gone
          : undefined;
    return <Problem title={texts.editor.failedTitle} fault={loaded.fault} words={words} retry={again} />;
  }
  return <Preview kind={kind} path={path} bytes={loaded.bytes} />;
}

function PaneTitle({ title }: { title: string }) {
  useTitle(title);
  return null;
}
