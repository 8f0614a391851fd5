import "@mantine/core/styles/InlineInput.css";
import "@mantine/core/styles/NumberInput.css";
import "@mantine/core/styles/SimpleGrid.css";
import "@mantine/core/styles/Switch.css";
import "../ui/dialog.ts";

import { Button, Group, Modal, NumberInput, SimpleGrid, Stack, Switch, Textarea } from "@mantine/core";
import { useState, type SubmitEvent } from "react";

import { api } from "../api/api.ts";
import type { Project, Quota } from "../api/contract.ts";
import { texts } from "../texts/index.ts";
import { tell, tellFault } from "../ui/tell.ts";

interface Props {
  project: Project;
  maximum: Quota;
  onClose: () => void;
}

type Figure = "disk" | "memory" | "cores";

/** Asks the administrators for more memory, disk, cores, or for the network. */
export default function AskForMore({ project, maximum, onClose }: Props) {
  const [request, { isLoading }] = api.useRequestQuotasMutation();
  const [wished, setWished] = useState<Partial<Quota>>({});
  const [reason, setReason] = useState("");
  const [checked, setChecked] = useState(false);
  const nothing = Object.keys(wished).length === 0;

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setChecked(true);
    if (nothing) return;
    try {
      await request({ project_id: project.project_id, ...wished, reason }).unwrap();
      tell(texts.settings.asked);
      onClose();
    } catch (error) {
      tellFault(texts.settings.refused, error);
    }
  };
  const figure = (name: Figure, label: string) => (
    <NumberInput
      label={label}
      description={texts.settings.atMost(String(maximum[name]))}
      placeholder={String(project.quota[name])}
      min={0}
      max={maximum[name]}
      hideControls
      value={wished[name] ?? ""}
      onChange={(value) =>
        setWished(({ [name]: _, ...rest }) => (value === "" ? rest : { ...rest, [name]: Number(value) }))
      }
    />
  );

  return (
    <Modal
      opened
      onClose={onClose}
      title={texts.settings.askTitle}
      closeButtonProps={{ "aria-label": texts.common.close }}
    >
      <form onSubmit={(event) => void submit(event)} noValidate>
        <Stack>
          <SimpleGrid cols={{ base: 1, xs: 3 }}>
            {figure("memory", `${texts.settings.memory} (${texts.settings.mb})`)}
            {figure("disk", `${texts.settings.disk} (${texts.settings.mb})`)}
            {figure("cores", texts.settings.cores)}
          </SimpleGrid>
          {!project.quota.network && maximum.network && (
            <Switch
              label={texts.settings.network}
              checked={wished.network === true}
              onChange={({ currentTarget: { checked: on } }) =>
                setWished(({ network: _, ...rest }) => (on ? { ...rest, network: true } : rest))
              }
            />
          )}
          <Textarea
            label={texts.settings.askReason}
            description={texts.settings.askHint}
            value={reason}
            maxLength={1000}
            rows={3}
            error={checked && nothing ? texts.settings.nothingAsked : null}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {texts.common.cancel}
            </Button>
            <Button type="submit" loading={isLoading}>
              {texts.settings.askSend}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
