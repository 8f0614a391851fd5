import { useNavigate } from "react-router";

import { api } from "../api/api.ts";
import type { Entry, Listing } from "../api/contract.ts";
import { places } from "../app/places.ts";
import { useAppDispatch } from "../app/store.ts";
import { tabsSlice } from "../project/tabs.ts";
import { texts } from "../texts/index.ts";
import { tell, tellFault, tellWithUndo } from "../ui/tell.ts";
import type { Dropped } from "../transfers/dropped.ts";
import { freeName, join } from "./path.ts";

export interface Folder {
  project_id: string;
  path: string;
  hidden: boolean;
}

const what = (names: string[]) =>
  names.length === 1 ? `“${names[0] ?? ""}”` : texts.files.items(names.length);

const blank = (name: string, type: Entry["type"]): Entry => ({
  name,
  type,
  size: 0,
  modified: new Date().toISOString(),
});

/** What can be done in a folder. Each is shown at once; if it is refused, it is taken back and the reason is told. */
export function useFileActions(folder: Folder) {
  const dispatch = useAppDispatch();
  const navigate = useNavigate();
  const [write] = api.useWriteTextFileMutation();
  const [make] = api.useMakeDirectoryMutation();
  const [rename] = api.useRenamePathMutation();
  const [copy] = api.useCopyPathMutation();
  const [remove] = api.useDeletePathMutation();
  const [restore] = api.useRestoreFromTrashMutation();
  const [unpack] = api.useUnpackArchiveMutation();
  const { project_id, path } = folder;
  const at = (name: string) => ({ project_id, path: join(path, name) });

  /** Changes the shown folder ahead of the answer; takes it back if `work` fails. */
  const ahead = async (
    change: (listing: Listing) => void,
    work: () => Promise<unknown>,
  ): Promise<boolean> => {
    const patch = dispatch(api.util.updateQueryData("listDirectory", folder, change));
    try {
      await work();
      return true;
    } catch (error) {
      patch.undo();
      tellFault(texts.files.refused, error);
      return false;
    }
  };

  const add = (entry: Entry) => (listing: Listing) => {
    listing.entries.push(entry);
  };
  const drop = (names: string[]) => (listing: Listing) => {
    listing.entries = listing.entries.filter((entry) => !names.includes(entry.name));
  };

  return {
    newFile: async (name: string) => {
      const done = await ahead(add(blank(name, "file")), () => write({ ...at(name), content: "" }).unwrap());
      if (done) await navigate(places.file(project_id, join(path, name)));
    },

    newFolder: (name: string) => ahead(add(blank(name, "directory")), () => make(at(name)).unwrap()),

    rename: async (name: string, to: string) => {
      const from = join(path, name);
      const destination = join(path, to);
      const done = await ahead(
        (listing) => {
          const entry = listing.entries.find((each) => each.name === name);
          if (entry) entry.name = to;
        },
        () => rename({ project_id, source: from, destination }).unwrap(),
      );
      if (done) dispatch(tabsSlice.actions.pathMoved({ project: project_id, from, to: destination }));
    },

    duplicate: (entry: Entry, taken: ReadonlySet<string>) => {
      const name = freeName(entry.name, taken);
      return ahead(add({ ...entry, name }), () =>
        copy({ project_id, source: join(path, entry.name), destination: join(path, name) }).unwrap(),
      );
    },

    trash: async (names: string[]) => {
      const deleted: string[] = [];
      const done = await ahead(drop(names), async () => {
        for (const name of names) {
          const { trash_id } = await remove({ ...at(name), trash: true }).unwrap();
          if (trash_id !== null) deleted.push(trash_id);
          dispatch(tabsSlice.actions.pathGone({ project: project_id, path: join(path, name) }));
        }
      });
      if (!done) return;
      tellWithUndo(texts.files.trashed(what(names)), async () => {
        try {
          for (const trash_id of deleted) await restore({ project_id, trash_id }).unwrap();
          tell(texts.files.restoredTrash(what(names)));
        } catch (error) {
          tellFault(texts.files.refused, error);
        }
      });
    },

    /** Unpacks an archive into a new folder beside it. */
    unpack: async ({ name }: Entry, taken: ReadonlySet<string>) => {
      const folder = freeName(name.replace(/\.zip$/i, ""), taken);
      const destination = join(path, folder);
      const done = await ahead(add(blank(folder, "directory")), () =>
        unpack({ ...at(name), destination }).unwrap(),
      );
      if (done) tell(texts.files.unpacked(folder));
    },

    deleteForGood: (names: string[]) =>
      ahead(drop(names), async () => {
        for (const name of names) {
          await remove(at(name)).unwrap();
          dispatch(tabsSlice.actions.pathGone({ project: project_id, path: join(path, name) }));
        }
      }),

    /** Queues files for upload; what they would overwrite keeps its name, and they get a free one. */
    upload: async (files: Dropped[], taken: ReadonlySet<string>) => {
      const { queueOf } = await import("../transfers/queue.ts");
      const queue = queueOf(dispatch);
      const names = new Map<string, string>();
      const used = new Set(taken);
      for (const { file, path: below } of files) {
        const [top = "", ...rest] = below.split("/");
        const name = names.get(top) ?? freeName(top, used);
        used.add(name);
        if (rest.length > 0) names.set(top, name);
        queue.add({ project: project_id, path: join(path, [name, ...rest].join("/")), file });
      }
    },
  };
}
