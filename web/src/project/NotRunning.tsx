import { Button, Loader } from "@mantine/core";

import type { Project } from "../api/contract.ts";
import { useProjectActions } from "../projects/actions.ts";
import { texts } from "../texts/index.ts";
import { Empty } from "../ui/Empty.tsx";
import { IconPlayerPlay } from "../ui/icons.ts";
import { phaseOf, StateBadge } from "../ui/StateBadge.tsx";

/** Instead of a place that needs a running project: the state in words, and the one button that helps. */
export function NotRunning({ project }: { project: Project }) {
  const { start } = useProjectActions();
  const phase = phaseOf(project.state);
  if (phase === "moving") {
    const ending = project.state === "stopping" || project.state === "closing";
    return (
      <Empty
        icon={<Loader color="olive" type="dots" />}
        title={ending ? texts.project.stoppingTitle : texts.project.waitingTitle}
        words={ending ? texts.project.stopping : texts.project.waiting}
      >
        <StateBadge project={project} />
      </Empty>
    );
  }
  return (
    <Empty
      icon={<IconPlayerPlay size={44} stroke={1.5} />}
      title={texts.project.notRunningTitle}
      words={texts.project.notRunning}
    >
      <StateBadge project={project} />
      <Button onClick={() => void start(project)}>{texts.project.start}</Button>
    </Empty>
  );
}
