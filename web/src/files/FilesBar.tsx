import { ActionIcon, Button, FileButton, Group, TextInput } from "@mantine/core";
import { Link } from "react-router";

import { places } from "../app/places.ts";
import { useNewTerminal } from "../terminal/useNewTerminal.ts";
import { texts } from "../texts/index.ts";
import {
  IconDots,
  IconFilePlus,
  IconFolderPlus,
  IconHome,
  IconSearch,
  IconTerminal2,
  IconTrash,
  IconUpload,
} from "../ui/icons.ts";
import { IconButton } from "../ui/IconButton.tsx";
import { MenuButton } from "../ui/MenuButton.tsx";
import classes from "./FilesBar.module.css";
import { TRASH, wayTo } from "./path.ts";

interface Props {
  id: string;
  path: string;
  words: string;
  onWords: (words: string) => void;
  hidden: boolean;
  onHidden: (hidden: boolean) => void;
  onMake: (what: "file" | "folder") => void;
  onUpload: (files: File[]) => void;
}

/** Where one is, and what can be made here. */
export function FilesBar({ id, path, words, onWords, hidden, onHidden, onMake, onUpload }: Props) {
  const newTerminal = useNewTerminal(id);
  return (
    <div className={classes.bar}>
      <Way id={id} path={path} />
      <Group gap={6} wrap="nowrap" className={classes.tools}>
        <TextInput
          type="search"
          size="xs"
          className={classes.filter}
          aria-label={texts.files.filter}
          placeholder={texts.files.filter}
          leftSection={<IconSearch size={14} aria-hidden />}
          value={words}
          onChange={(event) => onWords(event.currentTarget.value)}
        />
        <Button
          size="xs"
          variant="light"
          className={classes.make}
          aria-label={texts.files.newFile}
          leftSection={<IconFilePlus size={16} aria-hidden />}
          onClick={() => onMake("file")}
        >
          <span className={classes.makeWords}>{texts.files.newFile}</span>
        </Button>
        <IconButton
          label={texts.files.newFolder}
          size={30}
          variant="default"
          onClick={() => onMake("folder")}
        >
          <IconFolderPlus size={16} aria-hidden />
        </IconButton>
        <IconButton label={texts.terminal.create} size={30} variant="default" onClick={newTerminal}>
          <IconTerminal2 size={16} aria-hidden />
        </IconButton>
        <FileButton multiple onChange={onUpload} inputProps={{ "aria-label": texts.files.upload }}>
          {(props) => (
            <IconButton label={texts.files.upload} size={30} variant="default" {...props}>
              <IconUpload size={16} aria-hidden />
            </IconButton>
          )}
        </FileButton>
        <MenuButton
          label={texts.files.actions}
          button={(props) => (
            <ActionIcon size={30} variant="subtle" color="gray" {...props}>
              <IconDots size={16} aria-hidden />
            </ActionIcon>
          )}
          lines={[
            { label: texts.files.hidden, checked: hidden, onClick: () => onHidden(!hidden) },
            {
              label: texts.files.trashPlace,
              to: places.trash(id),
              icon: <IconTrash size={16} aria-hidden />,
            },
          ]}
        />
      </Group>
    </div>
  );
}

function Way({ id, path }: { id: string; path: string }) {
  const steps = wayTo(path);
  return (
    <nav aria-label={texts.files.breadcrumb} className={classes.way}>
      <ol>
        <li>
          <Link to={places.folder(id, "")} aria-current={path === "" ? "page" : undefined}>
            <IconHome size={16} aria-hidden /> {texts.files.home}
          </Link>
        </li>
        {steps.map((step) => (
          <li key={step.path}>
            <Link to={places.folder(id, step.path)} aria-current={step.path === path ? "page" : undefined}>
              {step.path === TRASH ? texts.files.trashPlace : step.name}
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  );
}
