import { Avatar, Button, Text } from "@mantine/core";
import { Link } from "react-router";

import { api } from "../api/api.ts";
import type { Project } from "../api/contract.ts";
import { places } from "../app/places.ts";
import { texts } from "../texts/index.ts";
import { Ago } from "../ui/Ago.tsx";
import { IconPlayerPlay, IconPlayerStop } from "../ui/icons.ts";
import list from "../ui/list.module.css";
import { phaseOf, StateBadge } from "../ui/StateBadge.tsx";
import { useProjectActions } from "./actions.ts";
import classes from "./ProjectList.module.css";

export function ProjectList({ projects }: { projects: Project[] }) {
  return (
    <ul className={`${list.list} ${classes.list}`} aria-label={texts.projects.list}>
      {projects.map((project) => (
        <ProjectRow key={project.project_id} project={project} />
      ))}
    </ul>
  );
}

function ProjectRow({ project }: { project: Project }) {
  const { start, stop } = useProjectActions();
  const phase = phaseOf(project.state);
  return (
    <li className={classes.row}>
      <div className={classes.what}>
        <Link to={places.project(project.project_id)} className={classes.title}>
          {project.title}
        </Link>
        <div className={classes.about}>
          <StateBadge project={project} />
          <Text span size="sm" c="dimmed" className={classes.edited}>
            {project.last_edited === null ? (
              texts.projects.neverEdited
            ) : (
              <Ago time={project.last_edited} words={texts.projects.edited} />
            )}
          </Text>
        </div>
      </div>
      <People project={project} />
      {phase === "resting" ? (
        <Button
          size="xs"
          variant="light"
          className={classes.action}
          leftSection={<IconPlayerPlay size={14} aria-hidden />}
          aria-label={texts.projects.startOf(project.title)}
          onClick={() => void start(project)}
        >
          {texts.projects.start}
        </Button>
      ) : (
        <Button
          size="xs"
          variant="default"
          className={classes.action}
          leftSection={<IconPlayerStop size={14} aria-hidden />}
          aria-label={texts.projects.stopOf(project.title)}
          disabled={project.state === "stopping" || project.state === "closing"}
          onClick={() => void stop(project)}
        >
          {texts.projects.stop}
        </Button>
      )}
    </li>
  );
}

function People({ project }: { project: Project }) {
  const { data: me } = api.useGetAccountQuery();
  const others = project.users.filter((user) => user.account_id !== me?.account_id);
  if (others.length === 0) return null;
  const names = others.map((user) => `${user.first_name} ${user.last_name}`);
  return (
    <Avatar.Group
      spacing={4}
      className={classes.people}
      role="img"
      aria-label={names.join(", ")}
      title={names.join(", ")}
    >
      {names.slice(0, 3).map((name) => (
        <Avatar key={name} name={name} color="olive" size={28} alt="" />
      ))}
      {names.length > 3 && <Avatar size={28}>+{names.length - 3}</Avatar>}
    </Avatar.Group>
  );
}
