import { Button, Container, Group, Skeleton, Stack, Text, TextInput, Title } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useSearchParams } from "react-router";

import { api } from "../api/api.ts";
import type { Snapshot } from "../api/contract.ts";
import { faultOf } from "../api/fault.ts";
import { places } from "../app/places.ts";
import { useProject } from "../project/context.ts";
import { useProjectActions } from "../projects/actions.ts";
import { texts } from "../texts/index.ts";
import { Empty } from "../ui/Empty.tsx";
import { IconCamera, IconDeviceFloppy } from "../ui/icons.ts";
import { Problem } from "../ui/Problem.tsx";
import { isRunning } from "../ui/StateBadge.tsx";
import { useTitle } from "../ui/useTitle.ts";
import { TimeLine } from "./TimeLine.tsx";
import { useRestoring } from "./useRestoring.tsx";

const NONE: Snapshot[] = [];

/** The project as it was: a time line by day, for a path or the whole, and the way back. */
export default function SnapshotsPage() {
  const project = useProject();
  const id = project.project_id;
  useTitle(`${texts.snapshots.title} · ${project.title}`);
  const [query, setQuery] = useSearchParams();
  const path = query.get("path") ?? "";
  const { data, error, isFetching, refetch } = api.useListSnapshotsQuery({
    project_id: id,
    ...(path === "" ? {} : { path }),
  });
  const saved = useRef(project.last_saved);
  useEffect(() => {
    if (saved.current === project.last_saved) return;
    saved.current = project.last_saved;
    void refetch();
  }, [project.last_saved, refetch]);
  const { save } = useProjectActions();
  const snapshots = data?.snapshots ?? NONE;
  const saveNow = (
    <Button
      variant="default"
      leftSection={<IconDeviceFloppy size={16} aria-hidden />}
      disabled={!isRunning(project.state)}
      onClick={() => void save(project)}
    >
      {texts.settings.saveNow}
    </Button>
  );

  return (
    <Container size="sm" py="lg" w="100%">
      <Group justify="space-between" mb={4}>
        <Title order={2} size="h3">
          {texts.snapshots.title}
        </Title>
        {saveNow}
      </Group>
      <Text c="dimmed" size="sm" mb="md">
        {texts.snapshots.intro}
      </Text>
      <PathForm key={path} path={path} onPath={(to) => setQuery(to === "" ? {} : { path: to })} />
      {error !== undefined && (
        <Problem title={texts.snapshots.failed} fault={faultOf(error)} retry={refetch} />
      )}
      {error === undefined && data === undefined && isFetching && <Waiting />}
      {error === undefined && data !== undefined && snapshots.length === 0 && (
        <Empty
          icon={<IconCamera size={44} stroke={1.5} />}
          title={texts.snapshots.emptyTitle}
          words={path === "" ? texts.snapshots.empty : texts.snapshots.emptyFor(path)}
        />
      )}
      {error === undefined && snapshots.length > 0 && <Restoring id={id} path={path} snapshots={snapshots} />}
    </Container>
  );
}

function PathForm({ path, onPath }: { path: string; onPath: (path: string) => void }) {
  const [text, setText] = useState(path);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onPath(text.trim().replace(/^(~?\/)+|\/+$/g, ""));
      }}
    >
      <Group align="flex-end" mb="lg" gap="xs">
        <TextInput
          flex="1 1 12rem"
          label={texts.snapshots.pathLabel}
          placeholder={texts.snapshots.pathHint}
          value={text}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" variant="default">
          {texts.snapshots.show}
        </Button>
        {path !== "" && (
          <Button variant="subtle" onClick={() => onPath("")}>
            {texts.snapshots.all}
          </Button>
        )}
      </Group>
    </form>
  );
}

function Restoring({ id, path, snapshots }: { id: string; path: string; snapshots: Snapshot[] }) {
  const { ask, panel } = useRestoring(id, path);
  const what = path === "" ? texts.snapshots.whole : path;
  return (
    <>
      {panel}
      <TimeLine
        snapshots={snapshots}
        what={what}
        placeOf={({ name }) => places.snapshot(id, name, path)}
        onRestore={ask}
      />
    </>
  );
}

function Waiting() {
  return (
    <Stack gap="xs" role="status" aria-label={texts.common.loading}>
      <Skeleton height={18} width="30%" />
      {[0, 1, 2, 3, 4].map((row) => (
        <Skeleton key={row} height={36} />
      ))}
    </Stack>
  );
}
