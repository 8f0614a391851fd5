import { ActionIcon, Button, Text, Title } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";

import type { Project } from "../api/contract.ts";
import { places } from "../app/places.ts";
import { useProjectActions } from "../projects/actions.ts";
import { texts } from "../texts/index.ts";
import { Ago } from "../ui/Ago.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import {
  IconDeviceFloppy,
  IconDots,
  IconPlayerPlay,
  IconPlayerStop,
  IconRotateClockwise2,
} from "../ui/icons.ts";
import { MenuButton } from "../ui/MenuButton.tsx";
import { phaseOf, StateBadge } from "../ui/StateBadge.tsx";
import classes from "./ProjectBar.module.css";

/** Title, state with its time, when it was last saved, and what can be done with the project as a whole. */
export function ProjectBar({ project }: { project: Project }) {
  const { start } = useProjectActions();
  const resting = phaseOf(project.state) === "resting";
  return (
    <div className={classes.bar}>
      <Title order={1} size="h5" className={classes.title}>
        <Link to={places.project(project.project_id)}>{project.title}</Link>
      </Title>
      <div className={classes.state} role="status">
        <StateBadge project={project} />
      </div>
      {project.last_saved !== null && (
        <Text span size="sm" c="dimmed" className={classes.saved}>
          <Ago time={project.last_saved} words={texts.projects.saved} />
        </Text>
      )}
      <span className={classes.gap} />
      {resting && (
        <Button
          size="compact-sm"
          leftSection={<IconPlayerPlay size={14} aria-hidden />}
          onClick={() => void start(project)}
        >
          {texts.settings.start}
        </Button>
      )}
      <ProjectMenu project={project} />
    </div>
  );
}

const look = { size: 16, "aria-hidden": true } as const;

type Asking = "stop" | "restart";

function ProjectMenu({ project }: { project: Project }) {
  const actions = useProjectActions();
  const [asking, setAsking] = useState<Asking>("stop");
  const [opened, setOpened] = useState(false);
  const running = phaseOf(project.state) === "running";
  const ask = (what: Asking) => {
    setAsking(what);
    setOpened(true);
  };
  return (
    <>
      <MenuButton
        label={texts.files.actionsOf(project.title)}
        button={(props) => (
          <ActionIcon variant="subtle" color="gray" {...props}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        )}
        lines={[
          {
            label: texts.settings.saveNow,
            icon: <IconDeviceFloppy {...look} />,
            disabled: !running,
            onClick: () => void actions.save(project),
          },
          {
            label: texts.settings.restart,
            icon: <IconRotateClockwise2 {...look} />,
            disabled: !running,
            onClick: () => ask("restart"),
          },
          {
            label: texts.settings.stop,
            icon: <IconPlayerStop {...look} />,
            disabled: phaseOf(project.state) === "resting",
            onClick: () => ask("stop"),
          },
        ]}
      />
      <Confirm
        opened={opened}
        title={asking === "stop" ? texts.settings.stopTitle : texts.settings.restartTitle}
        words={asking === "stop" ? texts.settings.stopText : texts.settings.restartText}
        action={asking === "stop" ? texts.settings.stop : texts.settings.restart}
        onClose={() => setOpened(false)}
        onConfirm={() => {
          setOpened(false);
          return actions[asking](project);
        }}
      />
    </>
  );
}
