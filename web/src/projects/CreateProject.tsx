import "../ui/dialog.ts";

import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useState, type SubmitEvent } from "react";
import { useNavigate } from "react-router";

import { api } from "../api/api.ts";
import { places } from "../app/places.ts";
import { texts } from "../texts/index.ts";
import { tellFault } from "../ui/tell.ts";

/** One field and one button: the project starts right away, and the page goes into it. */
export default function CreateProject({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={texts.projects.create}
      closeButtonProps={{ "aria-label": texts.common.close }}
    >
      <CreateForm onClose={onClose} />
    </Modal>
  );
}

function CreateForm({ onClose }: { onClose: () => void }) {
  const [create, { isLoading }] = api.useCreateProjectMutation();
  const navigate = useNavigate();
  const [title, setTitle] = useState("");
  const [checked, setChecked] = useState(false);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setChecked(true);
    if (title.trim() === "") return;
    try {
      const { project_id } = await create({ title: title.trim(), start: true }).unwrap();
      await navigate(places.folder(project_id, ""));
    } catch (error) {
      tellFault(texts.projects.createRefused, error);
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <TextInput
        label={texts.projects.name}
        description={texts.projects.nameHint}
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
        error={checked && title.trim() === "" ? texts.projects.nameNeeded : null}
        maxLength={200}
        autoComplete="off"
        data-autofocus
      />
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={onClose}>
          {texts.common.cancel}
        </Button>
        <Button type="submit" loading={isLoading}>
          {texts.projects.createAndStart}
        </Button>
      </Group>
    </form>
  );
}
