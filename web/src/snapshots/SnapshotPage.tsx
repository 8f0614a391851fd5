import { Button, Group, Skeleton, Stack } from "@mantine/core";
import { useMemo } from "react";
import { Link, useParams } from "react-router";

import { api } from "../api/api.ts";
import { faultOf, type Fault } from "../api/fault.ts";
import { places } from "../app/places.ts";
import { Way } from "../preview/Way.tsx";
import { SourceContext } from "../preview/source.ts";
import { useProject } from "../project/context.ts";
import { texts } from "../texts/index.ts";
import { laterTexts } from "../texts/later.ts";
import { IconCamera, IconHistory } from "../ui/icons.ts";
import pane from "../ui/pane.module.css";
import { Problem } from "../ui/Problem.tsx";
import { exact } from "../ui/time.ts";
import { useTitle } from "../ui/useTitle.ts";
import { bytesOf, filesThen } from "./filesThen.ts";
import { PastFile } from "./PastFile.tsx";
import { PastFolder } from "./PastFolder.tsx";
import classes from "./SnapshotPage.module.css";
import { useRestoring } from "./useRestoring.tsx";

/** A file or folder as it was in a snapshot. */
export default function SnapshotPage() {
  const { project_id: id, title } = useProject();
  const { snapshot = "", "*": rest = "" } = useParams();
  const path = rest.replace(/\/+$/, "");
  const when = exact(snapshot);
  useTitle(`${laterTexts.look.title(when)} · ${title}`);
  const source = useMemo(() => filesThen(id, snapshot), [id, snapshot]);
  const { ask, panel } = useRestoring(id, path);
  const placeOf = (to: string) => places.snapshot(id, snapshot, to);
  return (
    <div className={pane.pane}>
      <div className={`${pane.bar} ${classes.head}`}>
        <span className={classes.when}>
          <IconCamera size={16} aria-hidden /> {laterTexts.look.title(when)}
        </span>
        <Way root={placeOf("")} path={path} placeOf={placeOf} />
        <Group gap="xs">
          <Button component={Link} to={places.snapshots(id, path)} size="compact-sm" variant="subtle">
            {laterTexts.look.back}
          </Button>
          <Button
            size="compact-sm"
            leftSection={<IconHistory size={14} aria-hidden />}
            onClick={() => ask({ name: snapshot, time: snapshot })}
          >
            {laterTexts.look.restore}
          </Button>
        </Group>
      </div>
      {panel}
      <SourceContext value={source}>
        <Past key={`${snapshot}/${path}`} id={id} snapshot={snapshot} path={path} />
      </SourceContext>
    </div>
  );
}

interface PastProps {
  id: string;
  snapshot: string;
  path: string;
}

/** What the path was, a file or a folder, is known when it is asked for. */
function Past({ id, snapshot, path }: PastProps) {
  const file = api.useReadSnapshotFileQuery({ project_id: id, snapshot, path }, { skip: path === "" });
  const isFolder = path === "" || (file.error !== undefined && faultOf(file.error).code === "is_a_directory");
  const folder = api.useListSnapshotDirectoryQuery({ project_id: id, snapshot, path }, { skip: !isFolder });
  const asked = isFolder ? folder : file;
  const bytes = useMemo(() => (file.data === undefined ? null : bytesOf(file.data.content)), [file.data]);
  if (folder.data !== undefined)
    return (
      <PastFolder
        listing={folder.data}
        placeOf={(name) => places.snapshot(id, snapshot, path === "" ? name : `${path}/${name}`)}
      />
    );
  if (file.data !== undefined && bytes !== null)
    return <PastFile path={path} bytes={bytes} modified={file.data.modified} />;
  if (asked.error !== undefined) {
    const fault = faultOf(asked.error);
    return (
      <div className={classes.problem}>
        <Problem title={laterTexts.look.failed} fault={fault} words={wordsFor(fault)} retry={asked.refetch} />
      </div>
    );
  }
  return (
    <Stack p="md" role="status" aria-label={texts.common.loading}>
      <Skeleton height={16} width="40%" />
      <Skeleton height={16} width="60%" />
      <Skeleton height={16} width="50%" />
    </Stack>
  );
}

function wordsFor({ code }: Fault): string | undefined {
  if (code === "not_found") return laterTexts.look.gone;
  return code === "too_large" ? laterTexts.look.tooLarge : undefined;
}
