import { Container, Skeleton, Stack } from "@mantine/core";
import { Outlet, useParams } from "react-router";

import { api } from "../api/api.ts";
import { faultOf } from "../api/fault.ts";
import { useAppSelector } from "../app/store.ts";
import { makeSelectProject, selectLoaded } from "../projects/slice.ts";
import { texts } from "../texts/index.ts";
import { Empty } from "../ui/Empty.tsx";
import { IconSearch } from "../ui/icons.ts";
import { Problem } from "../ui/Problem.tsx";
import { useTitle } from "../ui/useTitle.ts";
import { Deck } from "./Deck.tsx";
import { ProjectBar } from "./ProjectBar.tsx";
import classes from "./ProjectPage.module.css";
import { Rail } from "./Rail.tsx";
import { TabStrip } from "./TabStrip.tsx";

/** The frame of a project: rail, tabs of what is open, and the place itself. */
export function ProjectPage() {
  const { project: id = "" } = useParams();
  const project = useAppSelector(makeSelectProject(id));
  if (project === undefined) return <Absent key={id} id={id} />;
  return (
    <div className={classes.page} key={id}>
      <Rail id={id} />
      <div className={classes.work}>
        <ProjectBar project={project} />
        <TabStrip id={id} />
        <div className={classes.place}>
          <Outlet context={project} />
          <Deck project={project} />
        </div>
      </div>
    </div>
  );
}

/** A project that is not among the rows: one made a moment ago whose row is on its way, or none of this person's. */
function Absent({ id }: { id: string }) {
  useTitle("");
  const loaded = useAppSelector(selectLoaded);
  const { data, error, isFetching, refetch } = api.useGetProjectsQuery(undefined, {
    refetchOnMountOrArgChange: true,
  });
  const known = data?.projects.some((project) => project.project_id === id) === true;
  if (error !== undefined && !isFetching) {
    return (
      <Container py="xl">
        <Problem title={texts.projects.failed} fault={faultOf(error)} retry={refetch} />
      </Container>
    );
  }
  if (isFetching || known || !loaded) {
    return (
      <Stack p="lg" role="status" aria-label={texts.common.loading}>
        <Skeleton height={28} width="40%" />
        <Skeleton height={160} />
      </Stack>
    );
  }
  return (
    <Container py="xl">
      <Empty
        icon={<IconSearch size={40} />}
        title={texts.project.missingTitle}
        words={texts.project.missing}
      />
    </Container>
  );
}
