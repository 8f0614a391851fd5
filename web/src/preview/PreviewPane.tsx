import { ActionIcon, Skeleton } from "@mantine/core";
import { useMemo, useState } from "react";

import type { Project } from "../api/contract.ts";
import { places } from "../app/places.ts";
import { baseName } from "../files/path.ts";
import { useWatch } from "../live/useWatch.ts";
import { texts } from "../texts/index.ts";
import { laterTexts } from "../texts/later.ts";
import { IconDownload } from "../ui/icons.ts";
import pane from "../ui/pane.module.css";
import { Problem } from "../ui/Problem.tsx";
import { isRunning } from "../ui/StateBadge.tsx";
import { useTitle } from "../ui/useTitle.ts";
import { HistoryLink } from "./HistoryLink.tsx";
import { kindOf } from "./kinds.ts";
import { Preview } from "./Preview.tsx";
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
    <div className={pane.pane}>
      {active && <PaneTitle title={`${baseName(path)} · ${project.title}`} />}
      <div className={pane.bar}>
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
        <HistoryLink project={id} path={path} />
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
          ? laterTexts.editor.gone
          : undefined;
    return <Problem title={laterTexts.editor.failedTitle} fault={loaded.fault} words={words} retry={again} />;
  }
  return <Preview kind={kind} path={path} bytes={loaded.bytes} />;
}

function PaneTitle({ title }: { title: string }) {
  useTitle(title);
  return null;
}
