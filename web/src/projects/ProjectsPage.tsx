import { Button, Container, Group, Skeleton, Stack, Text, TextInput, Title } from "@mantine/core";
import { lazy, Suspense, useDeferredValue, useEffect, useState } from "react";
import { useSearchParams } from "react-router";

import { api } from "../api/api.ts";
import type { Project } from "../api/contract.ts";
import { faultOf } from "../api/fault.ts";
import { useAppSelector } from "../app/store.ts";
import { texts } from "../texts/index.ts";
import { Empty } from "../ui/Empty.tsx";
import { IconFolders, IconPlus, IconSearch } from "../ui/icons.ts";
import { Problem } from "../ui/Problem.tsx";
import { useTitle } from "../ui/useTitle.ts";
import { ProjectList } from "./ProjectList.tsx";
import { selectLoaded, selectProjects } from "./slice.ts";

const load = () => import("./CreateProject.tsx");
const CreateProject = lazy(load);

/** Those projects that hold every word in title, description, state or people; latest edited first. */
export function matching(projects: Project[], words: string): Project[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (project: Project) =>
    [
      project.title,
      project.description,
      texts.state[project.state],
      ...project.users.map((user) => `${user.first_name} ${user.last_name} ${user.email_address}`),
    ]
      .join("\n")
      .toLowerCase();
  const latest = (project: Project) => project.last_edited ?? project.created;
  return projects
    .filter((project) => wanted.length === 0 || wanted.every((word) => text(project).includes(word)))
    .sort((a, b) => latest(b).localeCompare(latest(a)) || a.title.localeCompare(b.title));
}

export function ProjectsPage() {
  useTitle(texts.projects.title);
  // Where everybody goes next: fetched while they look.
  useEffect(() => void import("../files/FilesPage.tsx"), []);
  const loaded = useAppSelector(selectLoaded);
  const projects = useAppSelector(selectProjects);
  // The plain call answers where the live connection is slow to come or not let through.
  const { error, refetch } = api.useGetProjectsQuery(undefined, { skip: loaded });
  const [query, setQuery] = useSearchParams();
  const [words, setWords] = useState("");
  const shown = matching(projects, useDeferredValue(words));
  const creating = query.get("new") !== null;
  const [asked, setAsked] = useState(creating);
  if (creating && !asked) setAsked(true);
  const setCreating = (open: boolean) => setQuery(open ? { new: "1" } : {}, { replace: !open });
  const create = (
    <Button
      leftSection={<IconPlus size={18} aria-hidden />}
      onClick={() => setCreating(true)}
      onFocus={load}
      onPointerEnter={load}
    >
      {texts.projects.create}
    </Button>
  );

  return (
    <Container size="md" py="xl">
      <Group justify="space-between" mb="lg">
        <Title order={1} size="h2">
          {texts.projects.title}
        </Title>
        {create}
      </Group>
      {projects.length > 0 && (
        <Group mb="md" gap="md">
          <TextInput
            flex="1 1 14rem"
            type="search"
            aria-label={texts.projects.search}
            placeholder={texts.projects.searchHint}
            leftSection={<IconSearch size={16} aria-hidden />}
            value={words}
            onChange={(event) => setWords(event.currentTarget.value)}
          />
          <Text size="sm" c="dimmed" role="status">
            {texts.projects.count(shown.length)}
          </Text>
        </Group>
      )}
      {!loaded && error === undefined && <Waiting />}
      {!loaded && error !== undefined && (
        <Problem title={texts.projects.failed} fault={faultOf(error)} retry={refetch} />
      )}
      {loaded && projects.length === 0 && (
        <Empty
          icon={<IconFolders size={44} stroke={1.5} />}
          title={texts.projects.emptyTitle}
          words={texts.projects.empty}
        >
          {create}
        </Empty>
      )}
      {shown.length > 0 && <ProjectList projects={shown} />}
      {projects.length > 0 && shown.length === 0 && (
        <Stack align="center" py="xl">
          <Text c="dimmed">{texts.projects.noMatch(words)}</Text>
          <Button variant="default" onClick={() => setWords("")}>
            {texts.projects.clear}
          </Button>
        </Stack>
      )}
      {asked && (
        <Suspense>
          <CreateProject opened={creating} onClose={() => setCreating(false)} />
        </Suspense>
      )}
    </Container>
  );
}

function Waiting() {
  return (
    <Stack gap="xs" role="status" aria-label={texts.common.loading}>
      {[0, 1, 2, 3].map((row) => (
        <Skeleton key={row} height={68} radius="md" />
      ))}
    </Stack>
  );
}
