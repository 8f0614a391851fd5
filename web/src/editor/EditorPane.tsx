import { Button, Skeleton, Stack, Text, useComputedColorScheme } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";

import type { Project } from "../api/contract.ts";
import { describe, type Fault } from "../api/fault.ts";
import { places } from "../app/places.ts";
import { baseName } from "../files/path.ts";
import { useWatch } from "../live/useWatch.ts";
import { HistoryLink } from "../preview/HistoryLink.tsx";
import { hasText, kindOf } from "../preview/kinds.ts";
import { Preview } from "../preview/Preview.tsx";
import { PreviewPane } from "../preview/PreviewPane.tsx";
import { filesNow, SourceContext } from "../preview/source.ts";
import { Way } from "../preview/Way.tsx";
import { NotRunning } from "../project/NotRunning.tsx";
import { texts } from "../texts/index.ts";
import { laterTexts } from "../texts/later.ts";
import { Ago } from "../ui/Ago.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { IconTextWrap } from "../ui/icons.ts";
import pane from "../ui/pane.module.css";
import { Problem } from "../ui/Problem.tsx";
import { isRunning } from "../ui/StateBadge.tsx";
import { useTitle } from "../ui/useTitle.ts";
import classes from "./EditorPane.module.css";
import type { SaveState } from "./saver.ts";
import { useFile } from "./useFile.ts";
import { useMode, type Mode } from "./useMode.ts";
import { useWritten } from "./useWritten.ts";
import { ViewChoice } from "./ViewChoice.tsx";

const MODES: Mode[] = ["text", "both", "preview"];

const ConflictView = lazy(() => import("./ConflictView.tsx"));

interface Props {
  project: Project;
  path: string;
  active: boolean;
}

/** One file, to edit or to look at: opened once the project runs, and kept open from then on, also while the project stops and starts. */
export default function EditorPane(props: Props) {
  const running = isRunning(props.project.state);
  const [opened, setOpened] = useState(running);
  if (running && !opened) setOpened(true);
  if (!opened) return props.active ? <NotRunning project={props.project} /> : null;
  return hasText(kindOf(props.path)) ? <Open {...props} /> : <PreviewPane {...props} />;
}

function Open({ project, path, active }: Props) {
  const id = project.project_id;
  const host = useRef<HTMLDivElement>(null);
  const dark = useComputedColorScheme("light") === "dark";
  const [cursor, setCursor] = useState({ line: 1, column: 1 });
  const [wrap, setWrap] = useLocalStorage({ key: "lyceum.wrap", defaultValue: true });
  const { handle, state, fault, conflict, retry, settle } = useFile({
    project: id,
    path,
    dark,
    host,
    onCursor: (line, column) => setCursor({ line, column }),
  });

  useEffect(() => {
    handle?.view.setWrap(wrap);
  }, [handle, wrap]);
  useEffect(() => {
    if (active && handle !== null) {
      handle.view.view.requestMeasure();
      handle.view.view.focus();
    }
  }, [active, handle]);
  useWatch({ project: id, path, on: active && handle !== null && isRunning(project.state) }, async () =>
    handle?.look(),
  );
  useSavingOnLeave(handle?.saver);
  const kind = kindOf(path);
  const [mode, setMode] = useMode(kind);
  const written = useWritten(handle, mode !== "text");
  const source = useMemo(() => filesNow(id), [id]);
  const undisturbed = conflict === null && fault === null;

  return (
    <div className={pane.pane}>
      {active && <PaneTitle title={`${baseName(path)} · ${project.title}`} />}
      <div className={pane.bar} role="toolbar" aria-label={laterTexts.editor.toolbar}>
        <Way root={places.folder(id, "")} path={path} placeOf={(to) => places.folder(id, to)} />
        {kind !== null && <ViewChoice modes={MODES} mode={mode} onMode={setMode} />}
        {state !== null && <SaveWords state={state} onSave={() => void handle?.saver.flush()} />}
        <IconButton
          label={laterTexts.editor.wrap}
          variant={wrap ? "light" : "subtle"}
          color={wrap ? "olive" : "gray"}
          aria-pressed={wrap}
          onClick={() => setWrap(!wrap)}
        >
          <IconTextWrap size={16} aria-hidden />
        </IconButton>
        <HistoryLink project={id} path={path} />
      </div>
      {fault !== null && (
        <div className={classes.problem}>
          <Problem
            title={laterTexts.editor.failedTitle}
            fault={fault}
            words={wordsFor(fault)}
            retry={retry}
          />
        </div>
      )}
      {fault === null && handle === null && <Waiting />}
      {conflict !== null && handle !== null && (
        <Suspense>
          <ConflictView
            conflict={conflict}
            path={path}
            dark={dark}
            onMine={(content) => {
              handle.view.replace(content);
              settle();
              void handle.saver.resolve(conflict.disk?.modified ?? null);
            }}
            onTheirs={(disk) => {
              handle.view.replace(disk.content);
              handle.saver.replaced(disk.modified);
              settle();
            }}
          />
        </Suspense>
      )}
      <div className={classes.work} hidden={!undisturbed}>
        <div ref={host} className={classes.text} hidden={mode === "preview"} />
        {kind !== null && written !== null && (
          <SourceContext value={source}>
            <Preview kind={kind} path={path} bytes={written} />
          </SourceContext>
        )}
      </div>
      <p className={classes.foot}>
        <span>{laterTexts.editor.position(cursor.line, cursor.column)}</span>
        <span className={classes.keys}>{laterTexts.editor.keys}</span>
      </p>
    </div>
  );
}

function wordsFor(fault: Fault): string | undefined {
  if (fault.code === "not_text") return laterTexts.editor.notText;
  if (fault.code === "too_large") return laterTexts.editor.tooLarge;
  if (fault.code === "not_found") return laterTexts.editor.gone;
  return undefined;
}

function PaneTitle({ title }: { title: string }) {
  useTitle(title);
  return null;
}

function SaveWords({ state, onSave }: { state: SaveState; onSave: () => void }) {
  const words = {
    saved: () => <Ago time={state.kind === "saved" ? state.at : 0} words={laterTexts.editor.saved} />,
    unsaved: () => laterTexts.editor.unsaved,
    saving: () => laterTexts.editor.saving,
    waiting: () => laterTexts.editor.offline,
    conflict: () => laterTexts.editor.conflictTitle,
    failed: () => laterTexts.editor.failed(state.kind === "failed" ? describe(state.fault) : ""),
  }[state.kind];
  return (
    <>
      <Text size="xs" className={classes.saved} data-kind={state.kind} role="status">
        {words()}
      </Text>
      {(state.kind === "unsaved" || state.kind === "failed" || state.kind === "waiting") && (
        <Button size="compact-xs" variant="default" onClick={onSave}>
          {laterTexts.editor.save}
        </Button>
      )}
    </>
  );
}

/** Saves when the window is hidden; asks before it is closed while something is not saved. */
function useSavingOnLeave(saver: { dirty: boolean; flush: () => Promise<void> } | undefined) {
  useEffect(() => {
    const onHide = () => {
      if (document.visibilityState === "hidden") void saver?.flush();
    };
    const onLeave = (event: BeforeUnloadEvent) => {
      if (saver?.dirty !== true) return;
      void saver.flush();
      event.preventDefault();
    };
    document.addEventListener("visibilitychange", onHide);
    addEventListener("beforeunload", onLeave);
    return () => {
      document.removeEventListener("visibilitychange", onHide);
      removeEventListener("beforeunload", onLeave);
    };
  }, [saver]);
}

function Waiting() {
  return (
    <Stack p="md" gap={12} role="status" aria-label={texts.common.loading}>
      {[30, 55, 45, 60, 25].map((width) => (
        <Skeleton key={width} height={13} width={`${width}%`} />
      ))}
    </Stack>
  );
}
