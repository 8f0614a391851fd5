import { Button, Group, TextInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";

import { texts } from "../texts/index.ts";
import { isName } from "./path.ts";

interface Props {
  label: string;
  action: string;
  initial: string;
  taken: ReadonlySet<string>;
  onName: (name: string) => void;
  onCancel: () => void;
}

/** Asks for a name in place. Enter takes it, Escape leaves it. */
export function NameRow({ label, action, initial, taken, onName, onCancel }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [name, setName] = useState(initial);
  const [checked, setChecked] = useState(false);
  const error = !isName(name)
    ? texts.files.nameBad
    : taken.has(name) && name !== initial
      ? texts.files.nameTaken(name)
      : null;

  useEffect(() => {
    input.current?.focus();
    // The ending is seldom what is to be renamed.
    const dot = initial.lastIndexOf(".");
    input.current?.setSelectionRange(0, dot > 0 ? dot : initial.length);
  }, [initial]);

  return (
    // Escape leaves the form, whichever of its fields has the focus.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setChecked(true);
        if (name === initial) onCancel();
        else if (error === null) onName(name);
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") onCancel();
      }}
    >
      <Group gap="xs" px="md" py={6} align="flex-start" wrap="nowrap">
        <TextInput
          ref={input}
          flex={1}
          size="xs"
          aria-label={label}
          placeholder={label}
          value={name}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setName(event.currentTarget.value)}
          error={checked || (name !== "" && name !== initial) ? error : null}
        />
        <Button type="submit" size="xs">
          {action}
        </Button>
        <Button size="xs" variant="default" onClick={onCancel}>
          {texts.common.cancel}
        </Button>
      </Group>
    </form>
  );
}
