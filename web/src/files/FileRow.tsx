import { ActionIcon } from "@mantine/core";
import type { MouseEvent } from "react";
import { Link } from "react-router";

import type { Entry } from "../api/contract.ts";
import { texts } from "../texts/index.ts";
import { Ago } from "../ui/Ago.tsx";
import {
  IconCopy,
  IconDots,
  IconDownload,
  IconFolderOpen,
  IconHistory,
  IconLink,
  IconNotebook,
  IconPackage,
  IconPencil,
  IconTrash,
  IconX,
} from "../ui/icons.ts";
import { MenuButton } from "../ui/MenuButton.tsx";
import { readableSize } from "../ui/size.ts";
import { tell } from "../ui/tell.ts";
import classes from "./FileGrid.module.css";
import type { RowActions } from "./FileGrid.tsx";
import { NameRow } from "./NameRow.tsx";
import { isNotebook } from "./path.ts";
import { TypeIcon } from "./TypeIcon.tsx";

interface Props extends RowActions {
  entry: Entry;
  index: number;
  top: number;
  active: boolean;
  chosen: boolean;
  renaming: boolean;
  onRenaming: (on: boolean) => void;
  onChoose: (event: MouseEvent) => void;
}

export function FileRow({
  entry,
  index,
  top,
  active,
  chosen,
  renaming,
  onRenaming,
  onChoose,
  ...actions
}: Props) {
  const { name } = entry;
  return (
    // Keys are the grid's: it has the focus, and this row is its active descendant.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      id={`row-${index}`}
      role="row"
      aria-label={name}
      aria-rowindex={index + 2}
      aria-selected={chosen}
      tabIndex={-1}
      className={classes.row}
      data-active={active || undefined}
      style={{ transform: `translateY(${top}px)` }}
      onClick={renaming ? undefined : onChoose}
      onDoubleClick={renaming ? undefined : () => actions.onOpen(entry)}
    >
      {renaming ? (
        <div role="gridcell" className={classes.renaming}>
          <NameRow
            label={texts.files.renameOf(name)}
            action={texts.files.rename}
            initial={name}
            taken={actions.taken}
            onCancel={() => onRenaming(false)}
            onName={(to) => {
              onRenaming(false);
              actions.onRename(name, to);
            }}
          />
        </div>
      ) : (
        <>
          <span role="gridcell" className={classes.name}>
            <TypeIcon entry={entry} />
            {isNotebook(entry) ? (
              <a href={actions.jupyterOf(entry)} target="_blank" rel="noopener" tabIndex={-1}>
                {name}
              </a>
            ) : (
              <Link
                to={actions.hrefOf(entry)}
                tabIndex={-1}
                onDoubleClick={(event) => event.stopPropagation()}
              >
                {name}
              </Link>
            )}
          </span>
          <span role="gridcell" className={classes.size}>
            {entry.type === "file" ? readableSize(entry.size) : ""}
          </span>
          <span role="gridcell" className={classes.modified}>
            <Ago time={entry.modified} />
          </span>
          <span role="gridcell">
            <RowMenu entry={entry} onRenaming={onRenaming} {...actions} />
          </span>
        </>
      )}
    </div>
  );
}

function RowMenu({
  entry,
  onRenaming,
  ...actions
}: RowActions & { entry: Entry; onRenaming: (on: boolean) => void }) {
  const copyPath = async () => {
    await navigator.clipboard.writeText(actions.pathOf(entry));
    tell(actions.pathOf(entry));
  };
  const look = { size: 16, "aria-hidden": true } as const;
  return (
    <MenuButton
      label={texts.files.actionsOf(entry.name)}
      returnFocus={false}
      button={(props) => (
        <ActionIcon variant="subtle" color="gray" size="sm" className={classes.more} {...props}>
          <IconDots size={16} aria-hidden />
        </ActionIcon>
      )}
      lines={[
        { label: texts.files.open, icon: <IconFolderOpen {...look} />, onClick: () => actions.onOpen(entry) },
        ...(isNotebook(entry)
          ? [
              {
                label: texts.files.openInJupyter,
                icon: <IconNotebook {...look} />,
                href: actions.jupyterOf(entry),
                newTab: true,
              },
            ]
          : []),
        {
          label: entry.type === "directory" ? texts.files.downloadZip : texts.files.download,
          icon: <IconDownload {...look} />,
          href: actions.downloadOf(entry),
        },
        ...(entry.type === "file" && /\.zip$/i.test(entry.name)
          ? [
              {
                label: texts.files.unpack,
                icon: <IconPackage {...look} />,
                onClick: () => actions.onUnpack(entry),
              },
            ]
          : []),
        { label: texts.files.rename, icon: <IconPencil {...look} />, onClick: () => onRenaming(true) },
        {
          label: texts.files.duplicate,
          icon: <IconCopy {...look} />,
          onClick: () => actions.onDuplicate(entry),
        },
        { label: texts.files.copyPath, icon: <IconLink {...look} />, onClick: () => void copyPath() },
        {
          label: texts.files.history,
          icon: <IconHistory {...look} />,
          onClick: () => actions.onHistory(entry),
        },
        "rule",
        {
          label: texts.files.trash,
          icon: <IconTrash {...look} />,
          onClick: () => actions.onErase([entry.name], false),
        },
        {
          label: texts.files.deleteForGood,
          icon: <IconX {...look} />,
          dangerous: true,
          onClick: () => actions.onErase([entry.name], true),
        },
      ]}
    />
  );
}
