import { Button, Container, Group, Paper, Skeleton, Text, Title, VisuallyHidden } from "@mantine/core";

import { api } from "../api/api.ts";
import type { Port, Project } from "../api/contract.ts";
import { faultOf } from "../api/fault.ts";
import { places } from "../app/places.ts";
import { useProject } from "../project/context.ts";
import { NotRunning } from "../project/NotRunning.tsx";
import { texts } from "../texts/index.ts";
import { laterTexts } from "../texts/later.ts";
import { IconExternalLink, IconNotebook } from "../ui/icons.ts";
import list from "../ui/list.module.css";
import { Problem } from "../ui/Problem.tsx";
import { isRunning } from "../ui/StateBadge.tsx";
import { useTitle } from "../ui/useTitle.ts";
import classes from "./AppsPage.module.css";

/** Ports are looked at so often while the page is open (milliseconds). */
const EVERY = 5000;

/** What the project serves: JupyterLab, and the ports that its programs listen on. */
export default function AppsPage() {
  const project = useProject();
  useTitle(`${laterTexts.apps.title} · ${project.title}`);
  if (!isRunning(project.state)) return <NotRunning project={project} />;
  return (
    <Container size="sm" py="lg" w="100%">
      <Title order={2} size="h3" mb="md">
        {laterTexts.apps.title}
      </Title>
      <Paper withBorder p="lg">
        <Group justify="space-between" align="start">
          <div className={classes.words}>
            <Title order={3} size="h5" mb={4}>
              {laterTexts.apps.jupyterTitle}
            </Title>
            <Text size="sm" c="dimmed">
              {laterTexts.apps.jupyter}
            </Text>
          </div>
          <Button
            component="a"
            href={places.jupyter(project.project_id)}
            target="_blank"
            rel="noopener"
            leftSection={<IconNotebook size={16} aria-hidden />}
          >
            {laterTexts.apps.openJupyter}
            <NewTab />
          </Button>
        </Group>
      </Paper>
      <Paper withBorder p="lg" mt="md">
        <Title order={3} size="h5" mb={4}>
          {laterTexts.apps.portsTitle}
        </Title>
        <Text size="sm" c="dimmed" mb="md">
          {laterTexts.apps.ports}
        </Text>
        <Ports project={project} />
      </Paper>
    </Container>
  );
}

function Ports({ project }: { project: Project }) {
  const id = project.project_id;
  const { data, error, refetch } = api.useListPortsQuery(
    { project_id: id },
    { pollingInterval: EVERY, skipPollingIfUnfocused: true, refetchOnMountOrArgChange: true },
  );
  if (data === undefined && error !== undefined) {
    return <Problem title={laterTexts.apps.failed} fault={faultOf(error)} retry={refetch} />;
  }
  if (data === undefined) return <Skeleton height={36} role="status" aria-label={texts.common.loading} />;
  if (data.ports.length === 0) return <Text size="sm">{laterTexts.apps.portsEmpty}</Text>;
  return (
    <ul className={`${list.list} ${classes.list}`} aria-label={laterTexts.apps.portsList}>
      {data.ports.map((each) => (
        <PortLine key={each.port} id={id} port={each} />
      ))}
    </ul>
  );
}

function PortLine({ id, port: { port, address, program } }: { id: string; port: Port }) {
  return (
    <li>
      <a
        href={places.port(id, port)}
        target="_blank"
        rel="noopener"
        aria-label={laterTexts.apps.openPort(port)}
      >
        <IconExternalLink size={18} aria-hidden />
        <strong>{port}</strong>
        <span className={classes.program}>{program}</span>
        <span className={classes.address}>{laterTexts.apps.notAll(address)}</span>
      </a>
    </li>
  );
}

const NewTab = () => <VisuallyHidden>, {laterTexts.apps.newTab}</VisuallyHidden>;
