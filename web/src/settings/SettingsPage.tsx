import { Alert, Button, Container, Group, Paper, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

import { api } from "../api/api.ts";
import type { Project } from "../api/contract.ts";
import { useProject } from "../project/context.ts";
import { useProjectActions } from "../projects/actions.ts";
import { texts } from "../texts/index.ts";
import { Ago } from "../ui/Ago.tsx";
import { IconDeviceFloppy, IconPlayerPlay, IconPlayerStop, IconRotateClockwise2 } from "../ui/icons.ts";
import { phaseOf, StateBadge } from "../ui/StateBadge.tsx";
import { useTitle } from "../ui/useTitle.ts";
import { tell, tellFault } from "../ui/tell.ts";
import { QuotaForm } from "./QuotaForm.tsx";
import classes from "./SettingsPage.module.css";
import { SshCard } from "../ssh/SshCard.tsx";
import { UsageCard } from "./UsageCard.tsx";

/** State and what can be done about it, the facts of the project, and its quota. */
export default function SettingsPage() {
  const project = useProject();
  useTitle(`${texts.settings.title} · ${project.title}`);
  const { data: me } = api.useGetAccountQuery();
  const administrator = me?.administrator === true;
  const owner = project.users.some((user) => user.account_id === me?.account_id && user.role === "owner");
  return (
    <Container size="sm" py="lg" w="100%">
      <Title order={2} size="h3" mb="md">
        {texts.settings.title}
      </Title>
      <StateCard project={project} />
      <UsageCard project={project} owner={owner} />
      <SshCard project={project} />
      <Paper withBorder p="lg" mt="md">
        <Title order={3} size="h5" mb={4}>
          {texts.settings.quota}
        </Title>
        <Text size="sm" c="dimmed" mb="md">
          {administrator ? texts.settings.quotaAdmin : texts.settings.quotaNote}
        </Text>
        {administrator && <Request project={project} />}
        {administrator ? (
          <QuotaForm key={JSON.stringify(project.quota)} project={project} />
        ) : (
          <QuotaFacts project={project} />
        )}
      </Paper>
    </Container>
  );
}

/** What the owner asks for, for administrators to decline; setting the quota answers it too. */
function Request({ project }: { project: Project }) {
  const { data } = api.useGetQuotaRequestsQuery(undefined, { refetchOnMountOrArgChange: true });
  const [decline, { isLoading }] = api.useDeclineQuotasMutation();
  const request = data?.requests.find((each) => each.project_id === project.project_id);
  if (request === undefined) return null;
  const confirmed = async () => {
    try {
      await decline({ project_id: project.project_id }).unwrap();
      tell(texts.settings.declined);
    } catch (error) {
      tellFault(texts.settings.refused, error);
    }
  };
  return (
    <Alert mb="md" title={texts.settings.requested}>
      <Text size="sm">
        {Object.entries(request.quota)
          .map(([name, value]) => `${name} ${String(value)}`)
          .join(", ")}
      </Text>
      {request.reason !== "" && <Text size="sm">“{request.reason}”</Text>}
      <Button size="xs" mt="xs" variant="default" loading={isLoading} onClick={() => void confirmed()}>
        {texts.settings.decline}
      </Button>
    </Alert>
  );
}

function StateCard({ project }: { project: Project }) {
  const actions = useProjectActions();
  const phase = phaseOf(project.state);
  const look = { size: 16, "aria-hidden": true } as const;
  const when = (time: string | null) => (time === null ? texts.common.never : <Ago time={time} />);
  return (
    <Paper withBorder p="lg">
      <Facts>
        <Fact name={texts.settings.state}>
          <StateBadge project={project} />
        </Fact>
        <Fact name={texts.settings.lastSaved}>{when(project.last_saved)}</Fact>
        <Fact name={texts.settings.lastEdited}>{when(project.last_edited)}</Fact>
        <Fact name={texts.settings.created}>{when(project.created)}</Fact>
        <Fact name={texts.settings.host}>{project.host ?? texts.settings.none}</Fact>
        <Fact name={texts.settings.id}>
          <code className={classes.id}>{project.project_id}</code>
        </Fact>
      </Facts>
      <Group mt="md" gap="xs">
        {phase === "resting" ? (
          <Button leftSection={<IconPlayerPlay {...look} />} onClick={() => void actions.start(project)}>
            {texts.settings.start}
          </Button>
        ) : (
          <Button
            variant="default"
            leftSection={<IconPlayerStop {...look} />}
            disabled={project.state === "stopping" || project.state === "closing"}
            onClick={() => void actions.stop(project)}
          >
            {texts.settings.stop}
          </Button>
        )}
        <Button
          variant="default"
          leftSection={<IconRotateClockwise2 {...look} />}
          disabled={phase !== "running"}
          onClick={() => void actions.restart(project)}
        >
          {texts.settings.restart}
        </Button>
        <Button
          variant="default"
          leftSection={<IconDeviceFloppy {...look} />}
          disabled={phase !== "running" || project.state === "saving"}
          onClick={() => void actions.save(project)}
        >
          {project.state === "saving" ? texts.settings.savingNow : texts.settings.saveNow}
        </Button>
      </Group>
    </Paper>
  );
}

function Facts({ children }: { children: ReactNode }) {
  return <dl className={classes.facts}>{children}</dl>;
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const megabytes = (value: number) => `${value.toLocaleString("en")} ${texts.settings.mb}`;
const yesNo = (value: boolean) => (value ? texts.settings.yes : texts.settings.no);

function QuotaFacts({ project: { quota } }: { project: Project }) {
  return (
    <Facts>
      <Fact name={texts.settings.disk}>{megabytes(quota.disk)}</Fact>
      <Fact name={texts.settings.memory}>{megabytes(quota.memory)}</Fact>
      <Fact name={texts.settings.cores}>{quota.cores}</Fact>
      <Fact name={texts.settings.cpuShares}>{quota.cpu_shares}</Fact>
      <Fact name={texts.settings.idle}>
        {Math.round(quota.idle_timeout / 60)} {texts.settings.minutes}
      </Fact>
      <Fact name={texts.settings.network}>{yesNo(quota.network)}</Fact>
      <Fact name={texts.settings.memberHost}>{yesNo(quota.member_host)}</Fact>
    </Facts>
  );
}
