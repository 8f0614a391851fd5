import { Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useMemo, useState } from "react";
import { useNavigate } from "react-router";

import { api } from "../api/api.ts";
import type { Entry, Project } from "../api/contract.ts";
import { faultOf } from "../api/fault.ts";
import { places } from "../app/places.ts";
import { useWatch } from "../live/useWatch.ts";
import { texts } from "../texts/index.ts";
import { Confirm } from "../ui/Confirm.tsx";
import { Empty } from "../ui/Empty.tsx";
import { IconFilePlus, IconFolder, IconFolderPlus } from "../ui/icons.ts";
import { Problem } from "../ui/Problem.tsx";
import { tellFault } from "../ui/tell.ts";
import { FileGrid } from "./FileGrid.tsx";
import { FilesBar } from "./FilesBar.tsx";
import classes from "./FolderView.module.css";
import { NameRow } from "./NameRow.tsx";
import { inTrash, isNotebook, join, parentOf } from "./path.ts";
import { byColumn, type Order } from "./order.ts";
import { useFileActions } from "./useFileActions.ts";

type Making = "file" | "folder";

const EMPTY: Entry[] = [];

interface Props {
  project: Project;
  path: string;
}

/** The contents of one folder, and all that can be done with them. */
export function FolderView({ project, path }: Props) {
  const id = project.project_id;
  const navigate = useNavigate();
  const [hidden, setHidden] = useLocalStorage({ key: "lyceum.hidden-files", defaultValue: false });
  const [order, setOrder] = useState<Order>({ column: "name", descending: false });
  const [words, setWords] = useState("");
  const [making, setMaking] = useState<Making | null>(null);
  const [deleting, setDeleting] = useState<string[]>([]);
  const [dropping, setDropping] = useState(false);
  const folder = { project_id: id, path, hidden: hidden || inTrash(path) };
  // What a program wrote while another page was open must be there when one comes back.
  const { data, error, refetch } = api.useListDirectoryQuery(folder, { refetchOnMountOrArgChange: true });
  useWatch({ project: id, path, on: true }, refetch);
  const actions = useFileActions(folder);
  const all = data?.entries ?? EMPTY;
  const taken = useMemo(() => new Set(all.map((entry) => entry.name)), [all]);
  const entries = useMemo(() => {
    const wanted = words.trim().toLowerCase();
    return all.filter((entry) => entry.name.toLowerCase().includes(wanted)).sort(byColumn(order));
  }, [all, words, order]);

  const open = (entry: Entry) => {
    const at = join(path, entry.name);
    if (entry.type === "directory") void navigate(places.folder(id, at));
    else if (isNotebook(entry)) window.open(places.jupyter(id, at), "_blank", "noopener");
    else if (entry.type === "other")
      tellFault(texts.files.refused, { code: "", message: texts.files.notOpened(entry.name), status: 0 });
    else void navigate(places.file(id, at));
  };
  const upload = async ({ items }: DataTransfer) => {
    const reading = import("../transfers/dropped.ts");
    // The browser forgets the items when the event is over: the entries are asked for before anything is waited for.
    const entries = [...items].map((item) => item.webkitGetAsEntry());
    const { filesIn } = await reading;
    await actions.upload(await filesIn(entries), taken);
  };
  const erase = (names: string[], forGood: boolean) => {
    if (forGood || inTrash(path)) setDeleting(names);
    else void actions.trash(names);
  };
  const make = (
    <Group justify="center">
      <Button
        variant="light"
        leftSection={<IconFilePlus size={16} aria-hidden />}
        onClick={() => setMaking("file")}
      >
        {texts.files.newFile}
      </Button>
      <Button
        variant="default"
        leftSection={<IconFolderPlus size={16} aria-hidden />}
        onClick={() => setMaking("folder")}
      >
        {texts.files.newFolder}
      </Button>
    </Group>
  );

  return (
    // Dropping is a shortcut for the button that uploads.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className={classes.view}
      data-dropping={dropping || undefined}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={() => setDropping(false)}
      onDrop={(event) => {
        event.preventDefault();
        setDropping(false);
        void upload(event.dataTransfer);
      }}
    >
      <FilesBar
        id={id}
        path={path}
        words={words}
        onWords={setWords}
        hidden={hidden}
        onHidden={setHidden}
        onMake={setMaking}
        onUpload={(files) =>
          void actions.upload(
            files.map((file) => ({ file, path: file.name })),
            taken,
          )
        }
      />
      {making !== null && (
        <NameRow
          label={making === "file" ? texts.files.fileName : texts.files.folderName}
          action={texts.files.create}
          initial=""
          taken={taken}
          onCancel={() => setMaking(null)}
          onName={(name) => {
            setMaking(null);
            void (making === "file" ? actions.newFile(name) : actions.newFolder(name));
          }}
        />
      )}
      {data === undefined && error === undefined && <Waiting />}
      {error !== undefined && (
        <div className={classes.problem}>
          <Problem
            title={texts.files.failed}
            fault={faultOf(error)}
            words={faultOf(error).code === "not_found" ? texts.files.gone : undefined}
            retry={refetch}
          />
        </div>
      )}
      {data?.truncated === true && (
        <Text size="sm" c="dimmed" px="md" py="xs">
          {texts.files.truncated}
        </Text>
      )}
      {entries.length > 0 && error === undefined && (
        <FileGrid
          entries={entries}
          order={order}
          onOrder={setOrder}
          taken={taken}
          hrefOf={(entry) =>
            entry.type === "directory"
              ? places.folder(id, join(path, entry.name))
              : places.file(id, join(path, entry.name))
          }
          onOpen={open}
          onUp={() => {
            if (path !== "") void navigate(places.folder(id, parentOf(path)));
          }}
          onRename={(name, to) => void actions.rename(name, to)}
          onDuplicate={(entry) => void actions.duplicate(entry, taken)}
          onErase={erase}
          onUnpack={(entry) => void actions.unpack(entry, taken)}
          downloadOf={(entry) =>
            entry.type === "directory"
              ? `${places.bytes(id, join(path, entry.name))}?zip`
              : places.bytes(id, join(path, entry.name))
          }
          jupyterOf={(entry) => places.jupyter(id, join(path, entry.name))}
          onHistory={(entry) => void navigate(places.snapshots(id, join(path, entry.name)))}
          pathOf={(entry) => join(path, entry.name)}
        />
      )}
      {data !== undefined && error === undefined && all.length === 0 && (
        <Empty
          icon={<IconFolder size={44} stroke={1.5} />}
          title={texts.files.emptyTitle}
          words={texts.files.empty}
        >
          {making === null && make}
        </Empty>
      )}
      {all.length > 0 && entries.length === 0 && (
        <Text c="dimmed" ta="center" py="xl">
          {texts.files.noMatch}
        </Text>
      )}
      <Confirm
        opened={deleting.length > 0}
        title={texts.files.deleteTitle(
          deleting.length === 1 ? `“${deleting[0] ?? ""}”` : texts.files.items(deleting.length),
        )}
        words={texts.files.deleteText}
        action={texts.files.deleteForGood}
        dangerous
        onClose={() => setDeleting([])}
        onConfirm={() => {
          setDeleting([]);
          return actions.deleteForGood(deleting);
        }}
      />
    </div>
  );
}

function Waiting() {
  return (
    <Stack gap={10} p="md" role="status" aria-label={texts.common.loading}>
      {[62, 45, 70, 38, 55].map((width) => (
        <Skeleton key={width} height={20} width={`${width}%`} />
      ))}
    </Stack>
  );
}
