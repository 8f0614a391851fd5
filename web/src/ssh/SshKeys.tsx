import { Button, Group, Skeleton, Text, TextInput, Title, type TitleOrder } from "@mantine/core";
import { useState, type SubmitEvent } from "react";

import { api } from "../api/api.ts";
import type { SshKey } from "../api/contract.ts";
import { describe, faultOf } from "../api/fault.ts";
import { texts } from "../texts/index.ts";
import { laterTexts } from "../texts/later.ts";
import { Ago } from "../ui/Ago.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { Problem } from "../ui/Problem.tsx";
import { tell, tellFault } from "../ui/tell.ts";
import classes from "./SshKeys.module.css";

interface Props {
  title: string;
  hint: string;
  order: TitleOrder;
  /** With it, the keys of that project; without, those of the account. */
  project?: string;
}

/** Public SSH keys: listed, added, removed. */
export function SshKeys({ title, hint, order, project }: Props) {
  const { data, error, refetch } = api.useListSshKeysQuery(
    project === undefined ? {} : { project_id: project },
  );
  const [remove, { isLoading }] = api.useDeleteSshKeyMutation();
  const [removing, setRemoving] = useState<SshKey | null>(null);
  const confirmed = async () => {
    if (removing === null) return;
    try {
      await remove({ ssh_key_id: removing.ssh_key_id }).unwrap();
    } catch (problem) {
      tellFault(laterTexts.ssh.refused, problem);
    }
    setRemoving(null);
  };
  return (
    <>
      <Title order={order} size="h5" mb={4}>
        {title}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {hint}
      </Text>
      {data === undefined && error !== undefined && (
        <Problem title={laterTexts.ssh.failed} fault={faultOf(error)} retry={refetch} />
      )}
      {data === undefined && error === undefined && (
        <Skeleton height={36} role="status" aria-label={texts.common.loading} />
      )}
      {data?.ssh_keys.length === 0 && <Text size="sm">{laterTexts.ssh.empty}</Text>}
      {data !== undefined && data.ssh_keys.length > 0 && (
        <ul className={classes.list} aria-label={title}>
          {data.ssh_keys.map((key) => (
            <li key={key.ssh_key_id}>
              <div className={classes.what}>
                <Text size="sm" fw={600} truncate>
                  {key.title}
                </Text>
                <Text size="xs" c="dimmed" className={classes.print}>
                  {key.fingerprint} ·{" "}
                  {key.used === null ? (
                    laterTexts.ssh.unused
                  ) : (
                    <Ago time={key.used} words={laterTexts.ssh.used} />
                  )}
                </Text>
              </div>
              <Button
                size="xs"
                variant="default"
                aria-label={laterTexts.ssh.removeOf(key.title)}
                onClick={() => setRemoving(key)}
              >
                {laterTexts.ssh.remove}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <AddKey project={project} />
      <Confirm
        opened={removing !== null}
        title={laterTexts.ssh.removeTitle(removing?.title ?? "")}
        words={laterTexts.ssh.removeText}
        action={laterTexts.ssh.remove}
        dangerous
        busy={isLoading}
        onClose={() => setRemoving(null)}
        onConfirm={confirmed}
      />
    </>
  );
}

function AddKey({ project }: { project: string | undefined }) {
  const [add, { isLoading }] = api.useAddSshKeyMutation();
  const [key, setKey] = useState("");
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setError(null);
    if (key.trim() === "") {
      setError(laterTexts.ssh.keyNeeded);
      return;
    }
    try {
      const added = await add({
        key: key.trim(),
        ...(project !== undefined && { project_id: project }),
      }).unwrap();
      tell(laterTexts.ssh.added(added.title));
      setKey("");
    } catch (problem) {
      setError(describe(faultOf(problem)));
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Group align="end" gap="xs" mt="sm">
        <TextInput
          className={classes.field}
          label={laterTexts.ssh.key}
          description={laterTexts.ssh.keyHint}
          value={key}
          error={error}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setKey(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={isLoading}>
          {laterTexts.ssh.add}
        </Button>
      </Group>
    </form>
  );
}
