import { useEffect, useRef, useState } from "react";

import { call } from "../api/call.ts";
import { api } from "../api/api.ts";
import type { TextFile } from "../api/contract.ts";
import { faultOf, type Fault } from "../api/fault.ts";
import { useAppDispatch } from "../app/store.ts";
import { laterTexts } from "../texts/later.ts";
import { tell } from "../ui/tell.ts";
import { draftOf, keepDraft } from "./drafts.ts";
import { Saver, type SaveState } from "./saver.ts";
import { TextView } from "./view.ts";

/** What is on disk against the text in the editor; `disk` null: the file is gone. */
export interface Conflict {
  disk: TextFile | null;
  mine: string;
}

export interface Handle {
  view: TextView;
  saver: Saver;
  /** Asks whether the file was changed on disk, and takes that over if the text here has no changes of its own. */
  look: () => Promise<void>;
}

async function read(project_id: string, path: string): Promise<TextFile> {
  const { data, error } = await call("read_text_file", { project_id, path });
  if (error !== undefined) throw error as unknown as Error;
  return data as TextFile;
}

interface Options {
  project: string;
  path: string;
  dark: boolean;
  host: React.RefObject<HTMLDivElement | null>;
  onCursor: (line: number, column: number) => void;
}

/** Opens a file in the host element and keeps text and disk together while the component is there. */
export function useFile({ project, path, dark, host, onCursor }: Options) {
  const dispatch = useAppDispatch();
  const [handle, setHandle] = useState<Handle | null>(null);
  const [state, setState] = useState<SaveState | null>(null);
  const [fault, setFault] = useState<Fault | null>(null);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [attempt, setAttempt] = useState(0);
  const latest = useRef({ dark, onCursor });
  useEffect(() => {
    latest.current = { dark, onCursor };
  });

  useEffect(() => {
    let made: Handle | undefined;
    let gone = false;
    const open = async () => {
      try {
        const file = await read(project, path);
        if (gone || host.current === null) return;
        made = openFile(host.current, file);
        setFault(null);
        setHandle(made);
      } catch (error) {
        if (!gone) setFault(faultOf(error));
      }
    };

    const openFile = (parent: HTMLElement, file: TextFile): Handle => {
      const draft = draftOf(project, path);
      const unsaved = draft !== null && draft.content !== file.content;
      const view = new TextView({
        parent,
        path,
        label: laterTexts.editor.label(path),
        content: unsaved ? draft.content : file.content,
        dark: latest.current.dark,
        onEdit: () => saver.edited(),
        onSave: () => void saver.flush(),
        onCursor: (line, column) => latest.current.onCursor(line, column),
      });
      const saver = new Saver(
        {
          write: (content, base) =>
            dispatch(
              api.endpoints.writeTextFile.initiate({
                project_id: project,
                path,
                content,
                ...(base === null ? {} : { unmodified_since: base }),
              }),
            ).unwrap(),
          text: () => view.view.state.sliceDoc(),
          keep: (kept) => keepDraft(project, path, kept),
          changed: (next) => {
            if (gone) return;
            setState(next);
            if (next.kind === "conflict") void compare();
          },
        },
        unsaved ? draft.base : file.modified,
        Date.parse(file.modified),
      );
      const compare = async () => {
        const mine = view.view.state.sliceDoc();
        try {
          const disk = await read(project, path);
          // Written by somebody else, but to the same effect.
          if (disk.content === mine) saver.replaced(disk.modified);
          else setConflict({ disk, mine });
        } catch (error) {
          if (faultOf(error).code === "not_found") setConflict({ disk: null, mine });
          else setConflict(null);
        }
      };
      const isDirty = () => saver.dirty;
      const look = async () => {
        if (isDirty()) return;
        try {
          const disk = await read(project, path);
          if (isDirty() || gone || disk.modified === saver.base) return;
          const differs = disk.content !== view.view.state.sliceDoc();
          view.replace(disk.content);
          saver.replaced(disk.modified);
          if (differs) tell(laterTexts.editor.refreshed);
        } catch {
          // Gone or not to be reached: the next save says so.
        }
      };
      setState(saver.state);
      if (unsaved) {
        tell(laterTexts.editor.draft);
        saver.edited();
      } else keepDraft(project, path, null);
      return { view, saver, look };
    };

    void open();
    return () => {
      gone = true;
      setHandle(null);
      if (made === undefined) return;
      void made.saver.flush();
      made.saver.stop();
      made.view.destroy();
    };
  }, [dispatch, host, project, path, attempt]);

  useEffect(() => {
    handle?.view.setDark(dark);
  }, [handle, dark]);

  return {
    handle,
    state,
    fault,
    conflict,
    retry: () => setAttempt((before) => before + 1),
    settle: () => setConflict(null),
  };
}
