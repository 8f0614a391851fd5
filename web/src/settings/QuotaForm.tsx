import "@mantine/core/styles/InlineInput.css";
import "@mantine/core/styles/NumberInput.css";
import "@mantine/core/styles/SimpleGrid.css";
import "@mantine/core/styles/Switch.css";

import { Button, Group, NumberInput, SimpleGrid, Stack, Switch } from "@mantine/core";
import { useState, type SubmitEvent } from "react";

import { api } from "../api/api.ts";
import type { Project, Quota } from "../api/contract.ts";
import { texts } from "../texts/index.ts";
import { tell, tellFault } from "../ui/tell.ts";

type Figure = "disk" | "memory" | "cores" | "cpu_shares" | "idle_timeout";

/** The project's quota, for administrators to change. */
export function QuotaForm({ project }: { project: Project }) {
  const [setQuotas, { isLoading }] = api.useSetQuotasMutation();
  const [quota, setQuota] = useState<Quota>(project.quota);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      const { applied } = await setQuotas({ project_id: project.project_id, ...quota }).unwrap();
      tell(applied ? texts.settings.quotaSaved : texts.settings.notApplied);
    } catch (error) {
      tellFault(texts.settings.refused, error);
    }
  };

  const figure = (name: Figure, unit = 1) => ({
    value: quota[name] / unit,
    min: 0,
    hideControls: true,
    onChange: (value: string | number) => setQuota((before) => ({ ...before, [name]: Number(value) * unit })),
  });
  const choice = (name: "network" | "member_host") => ({
    checked: quota[name],
    onChange: (event: { currentTarget: HTMLInputElement }) => {
      const { checked } = event.currentTarget;
      setQuota((before) => ({ ...before, [name]: checked }));
    },
  });

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <NumberInput label={texts.settings.disk} suffix={` ${texts.settings.mb}`} {...figure("disk")} />
          <NumberInput label={texts.settings.memory} suffix={` ${texts.settings.mb}`} {...figure("memory")} />
          <NumberInput label={texts.settings.cores} {...figure("cores")} decimalScale={2} />
          <NumberInput label={texts.settings.cpuShares} {...figure("cpu_shares")} />
          <NumberInput
            label={texts.settings.idle}
            suffix={` ${texts.settings.minutes}`}
            {...figure("idle_timeout", 60)}
          />
        </SimpleGrid>
        <Group>
          <Switch label={texts.settings.network} {...choice("network")} />
          <Switch label={texts.settings.memberHost} {...choice("member_host")} />
        </Group>
        <Group justify="flex-end">
          <Button type="submit" loading={isLoading}>
            {texts.settings.saveQuota}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
