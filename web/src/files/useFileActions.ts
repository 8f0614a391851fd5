import { useNavigate } from "react-router";

import { api } from "../api/api.ts";
import type { Entry, Listing } from "../api/contract.ts";
import { places } from "../app/places.ts";
import { useAppDispatch } from "../app/store.ts";
import { tabsSlice } from "../project/tabs.ts";
import { texts } from "../texts/index.ts";
import { tell, tellFault, tellWithUndo } from "../ui/tell.ts";
import type { Dropped } from "../transfers/dropped.ts";
import { freeName, join, TRASH } from "./path.ts";

export interface Folder {
  project_id: string;
  path: string;
  hidden: boolean;
}

/** A folder of the trash of its own for each deletion, so that equal names do not meet. */
function trashFolder(now: Date): string {
  return `${TRASH}/${now.toISOString().replace(/[-:]/g, "").replace(".", "-")}`;
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

  const moveAll = async (pairs: { source: string; destination: string }[]) => {
    for (const pair of pairs) await rename({ project_id, ...pair }).unwrap();
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
      const bin = trashFolder(new Date());
      const moves = names.map((name) => ({ source: join(path, name), destination: join(bin, name) }));
      const done = await ahead(drop(names), async () => {
        await make({ project_id, path: bin }).unwrap();
        await moveAll(moves);
      });
      if (!done) return;
      for (const { source } of moves)
        dispatch(tabsSlice.actions.pathGone({ project: project_id, path: source }));
      tellWithUndo(texts.files.trashed(what(names)), async () => {
        try {
          await moveAll(
            moves.map(({ source, destination }) => ({ source: destination, destination: source })),
          );
          tell(texts.files.restoredTrash(what(names)));
        } catch (error) {
          tellFault(texts.files.refused, error);
        }
      });
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
