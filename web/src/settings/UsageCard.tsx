import "@mantine/core/styles/Alert.css";
import "@mantine/core/styles/Progress.css";

import { Alert, Button, Group, Paper, Progress, Skeleton, Text, Title } from "@mantine/core";
import { lazy, Suspense, useState } from "react";

import { api } from "../api/api.ts";
import type { Project, Usage, UsageNow } from "../api/contract.ts";
import { faultOf } from "../api/fault.ts";
import { texts } from "../texts/index.ts";
import { Ago } from "../ui/Ago.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { IconAlertTriangle, IconSkull } from "../ui/icons.ts";
import { Problem } from "../ui/Problem.tsx";
import { readableSize } from "../ui/size.ts";
import { isRunning } from "../ui/StateBadge.tsx";
import { tell, tellFault } from "../ui/tell.ts";
import classes from "./UsageCard.module.css";

const AskForMore = lazy(() => import("./AskForMore.tsx"));

/** Looked at so often while the page is open (milliseconds). */
const EVERY = 10_000;
/** From this share of a limit on, a meter warns. */
const MUCH = 0.9;

/** What the project uses of each limit, what to do about those reached, and a way to ask for more. */
export function UsageCard({ project, owner }: { project: Project; owner: boolean }) {
  const project_id = project.project_id;
  const { data, error, refetch } = api.useGetUsageQuery(
    { project_id },
    { pollingInterval: EVERY, skipPollingIfUnfocused: true, refetchOnMountOrArgChange: true },
  );
  const [asking, setAsking] = useState(false);
  return (
    <Paper withBorder p="lg" mt="md">
      <Title order={3} size="h5" mb="md">
        {texts.settings.usage}
      </Title>
      {data === undefined && error !== undefined && (
        <Problem title={texts.settings.usageFailed} fault={faultOf(error)} retry={refetch} />
      )}
      {data === undefined && error === undefined && (
        <Skeleton height={120} role="status" aria-label={texts.common.loading} />
      )}
      {data !== undefined && <Now data={data} />}
      <Group mt="md" gap="xs">
        {owner && (
          <Button variant="default" onClick={() => setAsking(true)}>
            {texts.settings.ask}
          </Button>
        )}
        {isRunning(project.state) && <Kill project={project} />}
      </Group>
      {asking && data !== undefined && (
        <Suspense>
          <AskForMore project={project} maximum={data.maximum} onClose={() => setAsking(false)} />
        </Suspense>
      )}
    </Paper>
  );
}

const MB = 1_000_000;
const size = (megabytes: number) => readableSize(megabytes * MB);
const plain = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 2 });

function Now({ data: { usage, advice } }: { data: UsageNow }) {
  if (usage === null) return <Text size="sm">{texts.settings.usageClosed}</Text>;
  return (
    <>
      {advice.map(({ quota, message }) => (
        <Alert key={quota} color="orange" mb="sm" icon={<IconAlertTriangle size={18} aria-hidden />}>
          {message}
        </Alert>
      ))}
      <div className={classes.meters}>
        <Meter
          name={texts.settings.memory}
          now={usage.memory}
          limit={usage.memory_limit}
          show={size}
          peak={usage.memory_peak}
        />
        <Meter name={texts.settings.disk} now={usage.disk} limit={usage.disk_limit} show={size} />
        <Meter
          name={texts.settings.cores}
          now={usage.cores}
          limit={usage.cores_limit}
          show={plain}
          note={texts.settings.cpuSeconds(plain(Math.round(usage.cpu_seconds)))}
        />
        <Meter
          name={texts.settings.tasks}
          now={usage.tasks}
          limit={usage.tasks_limit}
          show={plain}
          peak={usage.tasks_peak}
        />
      </div>
      <Active usage={usage} />
    </>
  );
}

function Active({ usage: { active } }: { usage: Usage }) {
  if (active === null) return null;
  return (
    <Text size="sm" c="dimmed" mt="sm">
      {texts.settings.active}: <Ago time={active} />
    </Text>
  );
}

interface MeterProps {
  name: string;
  now: number;
  limit: number;
  show: (value: number) => string;
  peak?: number;
  note?: string;
}

function Meter({ name, now, limit, show, peak, note }: MeterProps) {
  const share = limit > 0 ? Math.min(1, now / limit) : 0;
  return (
    <div>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600}>
          {name}
        </Text>
        <Text size="sm">{texts.settings.ofLimit(show(now), show(limit))}</Text>
      </Group>
      <Progress
        value={100 * share}
        color={share >= MUCH ? "orange" : "olive"}
        aria-label={texts.settings.meterOf(name)}
      />
      <Text size="xs" c="dimmed">
        {peak === undefined ? note : texts.settings.peak(show(peak))}
      </Text>
    </div>
  );
}

function Kill({ project }: { project: Project }) {
  const [kill, { isLoading }] = api.useKillProjectMutation();
  const [asking, setAsking] = useState(false);
  const confirmed = async () => {
    try {
      const { processes } = await kill({ project_id: project.project_id }).unwrap();
      tell(texts.settings.killed(processes));
    } catch (error) {
      tellFault(texts.settings.refused, error);
    }
    setAsking(false);
  };
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconSkull size={16} aria-hidden />}
        onClick={() => setAsking(true)}
      >
        {texts.settings.kill}
      </Button>
      <Confirm
        opened={asking}
        title={texts.settings.killTitle}
        words={texts.settings.killText}
        action={texts.settings.kill}
        dangerous
        busy={isLoading}
        onClose={() => setAsking(false)}
        onConfirm={confirmed}
      />
    </>
  );
}
