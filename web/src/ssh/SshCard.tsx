import { Group, Paper, Text, Title } from "@mantine/core";

import { api } from "../api/api.ts";
import type { Project } from "../api/contract.ts";
import { laterTexts } from "../texts/later.ts";
import { IconCopy } from "../ui/icons.ts";
import { IconButton } from "../ui/IconButton.tsx";
import { tell } from "../ui/tell.ts";
import { SshKeys } from "./SshKeys.tsx";
import classes from "./SshKeys.module.css";

/** How to reach the project with SSH, and the keys that open it alone. */
export function SshCard({ project }: { project: Project }) {
  const { data: site } = api.useGetSiteQuery();
  if (site?.ssh === undefined || site.ssh === null) return null;
  const { port, fingerprint } = site.ssh;
  const command = `ssh -p ${port} ${project.project_id}@${location.hostname}`;
  const copy = async () => {
    await navigator.clipboard.writeText(command);
    tell(command);
  };
  return (
    <Paper withBorder p="lg" mt="md">
      <Title order={3} size="h5" mb={4}>
        {laterTexts.ssh.title}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {laterTexts.ssh.intro}
      </Text>
      <Group wrap="nowrap" gap="xs" mb={4}>
        <code className={classes.command}>{command}</code>
        <IconButton label={laterTexts.ssh.copyCommand} onClick={() => void copy()}>
          <IconCopy size={16} aria-hidden />
        </IconButton>
      </Group>
      <Text size="xs" c="dimmed" mb="md" className={classes.print}>
        {laterTexts.ssh.fingerprint}: {fingerprint}
      </Text>
      <SshKeys
        title={laterTexts.ssh.projectKeys}
        hint={laterTexts.ssh.projectHint}
        order={4}
        project={project.project_id}
      />
    </Paper>
  );
}
