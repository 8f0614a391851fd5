import { ActionIcon, Button, FileButton, Group, Menu, TextInput, Tooltip } from "@mantine/core";
import { Link } from "react-router";

import { places } from "../app/places.ts";
import { useNewTerminal } from "../terminal/useNewTerminal.ts";
import { texts } from "../texts/index.ts";
import {
  IconCheck,
  IconDots,
  IconFilePlus,
  IconFolderPlus,
  IconHome,
  IconSearch,
  IconTerminal2,
  IconTrash,
  IconUpload,
} from "../ui/icons.ts";
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
          leftSection={<IconFilePlus size={15} aria-hidden />}
          onClick={() => onMake("file")}
        >
          {texts.files.newFile}
        </Button>
        <Tooltip label={texts.files.newFolder}>
          <ActionIcon
            size={30}
            variant="default"
            aria-label={texts.files.newFolder}
            onClick={() => onMake("folder")}
          >
            <IconFolderPlus size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={texts.terminal.create}>
          <ActionIcon size={30} variant="default" aria-label={texts.terminal.create} onClick={newTerminal}>
            <IconTerminal2 size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <FileButton multiple onChange={onUpload} inputProps={{ "aria-label": texts.files.upload }}>
          {(props) => (
            <Tooltip label={texts.files.upload}>
              <ActionIcon size={30} variant="default" aria-label={texts.files.upload} {...props}>
                <IconUpload size={16} aria-hidden />
              </ActionIcon>
            </Tooltip>
          )}
        </FileButton>
        <Menu>
          <Menu.Target>
            <ActionIcon size={30} variant="subtle" color="gray" aria-label={texts.files.actions}>
              <IconDots size={16} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              role="menuitemcheckbox"
              aria-checked={hidden}
              rightSection={hidden ? <IconCheck size={16} aria-hidden /> : null}
              onClick={() => onHidden(!hidden)}
            >
              {texts.files.hidden}
            </Menu.Item>
            <Menu.Item
              component={Link}
              to={places.folder(id, TRASH)}
              leftSection={<IconTrash size={16} aria-hidden />}
            >
              {texts.files.trashPlace}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
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
