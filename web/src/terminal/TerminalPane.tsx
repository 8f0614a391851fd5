import "@xterm/xterm/css/xterm.css";

import { Button, Text, TextInput, useComputedColorScheme, useMantineTheme } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";

import type { Project } from "../api/contract.ts";
import { useAppDispatch } from "../app/store.ts";
import { NotRunning } from "../project/NotRunning.tsx";
import { tabsSlice } from "../project/tabs.ts";
import { texts } from "../texts/index.ts";
import {
  IconAccessible,
  IconArrowDown,
  IconArrowUp,
  IconMinus,
  IconPlus,
  IconSearch,
  IconX,
} from "../ui/icons.ts";
import { IconButton } from "../ui/IconButton.tsx";
import pane from "../ui/pane.module.css";
import { isRunning } from "../ui/StateBadge.tsx";
import { clock } from "../ui/time.ts";
import { useTitle } from "../ui/useTitle.ts";
import { DARK, LIGHT } from "./look.ts";
import type { Size } from "./link.ts";
import { Screen, type Status } from "./screen.ts";
import classes from "./TerminalPane.module.css";

interface Props {
  project: Project;
  session: string;
  number: number;
  active: boolean;
}

/** One terminal of the project, or why there is none now. */
export default function TerminalPane({ project, session, number, active }: Props) {
  if (!isRunning(project.state)) return active ? <NotRunning project={project} /> : null;
  return <Live project={project} session={session} number={number} active={active} />;
}

function Live({ project, session, number, active }: Props) {
  const title = texts.terminal.title(number);
  const host = useRef<HTMLDivElement>(null);
  const searchButton = useRef<HTMLButtonElement>(null);
  const [fontSize, setFontSize] = useLocalStorage({ key: "lyceum.terminal-size", defaultValue: 14 });
  const [readable, setReadable] = useLocalStorage({ key: "lyceum.terminal-readable", defaultValue: false });
  const [searching, setSearching] = useState(false);
  const { screen, status, size } = useScreen(host, project.project_id, session, title, {
    leave: () => searchButton.current?.focus(),
    search: () => setSearching(true),
  });
  const dispatch = useAppDispatch();

  useEffect(() => {
    screen?.setFontSize(fontSize);
  }, [screen, fontSize]);
  useEffect(() => {
    screen?.setReadable(readable);
  }, [screen, readable]);
  useEffect(() => {
    if (!active || screen === null) return;
    screen.fit();
    screen.hurry();
    screen.terminal.focus();
  }, [active, screen]);

  return (
    <div className={pane.pane} role="group" aria-label={title}>
      {active && <Title title={`${title} · ${project.title}`} />}
      <div className={classes.bar} role="toolbar" aria-label={texts.terminal.toolbar}>
        <Notice status={status} size={size} />
        <IconButton
          label={texts.terminal.readable}
          aria-pressed={readable}
          variant={readable ? "light" : "subtle"}
          onClick={() => setReadable(!readable)}
        >
          <IconAccessible size={16} aria-hidden />
        </IconButton>
        <IconButton
          ref={searchButton}
          label={texts.terminal.search}
          aria-expanded={searching}
          onClick={() => setSearching(!searching)}
        >
          <IconSearch size={16} aria-hidden />
        </IconButton>
        <IconButton label={texts.terminal.smaller} onClick={() => setFontSize(Math.max(8, fontSize - 1))}>
          <IconMinus size={16} aria-hidden />
        </IconButton>
        <IconButton label={texts.terminal.larger} onClick={() => setFontSize(Math.min(32, fontSize + 1))}>
          <IconPlus size={16} aria-hidden />
        </IconButton>
      </div>
      {searching && screen !== null && (
        <Search
          screen={screen}
          onClose={() => {
            setSearching(false);
            screen.terminal.focus();
          }}
        />
      )}
      {status.kind === "ended" && (
        <div className={classes.ended} role="status">
          <Text size="sm">{texts.terminal.ended(status.code)}</Text>
          <Button size="compact-sm" onClick={() => screen?.startAgain()}>
            {texts.terminal.again}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() =>
              dispatch(tabsSlice.actions.terminalForgotten({ project: project.project_id, session }))
            }
          >
            {texts.common.close}
          </Button>
        </div>
      )}
      <div className={classes.screen} ref={host} data-ended={status.kind === "ended" || undefined} />
    </div>
  );
}

function Title({ title }: { title: string }) {
  useTitle(title);
  return null;
}

/** Makes the screen while the component is there. */
function useScreen(
  host: React.RefObject<HTMLDivElement | null>,
  project: string,
  session: string,
  title: string,
  keys: { leave: () => void; search: () => void },
) {
  const dark = useComputedColorScheme("light") === "dark";
  const { fontFamilyMonospace } = useMantineTheme();
  const [screen, setScreen] = useState<Screen | null>(null);
  const [status, setStatus] = useState<Status>({ kind: "connecting" });
  const [size, setSize] = useState<Size | null>(null);
  const latest = useRef({ ...keys, dark });
  useEffect(() => {
    latest.current = { ...keys, dark };
  });

  useEffect(() => {
    if (host.current === null) return undefined;
    const made = new Screen(
      host.current,
      project,
      session,
      {
        theme: latest.current.dark ? DARK : LIGHT,
        fontFamily: fontFamilyMonospace,
        fontSize: 14,
        label: texts.terminal.label(title),
      },
      {
        status: setStatus,
        size: setSize,
        leave: () => latest.current.leave(),
        search: () => latest.current.search(),
      },
    );
    setScreen(made);
    const hurry = () => made.hurry();
    addEventListener("online", hurry);
    return () => {
      removeEventListener("online", hurry);
      setScreen(null);
      made.dispose();
    };
  }, [host, project, session, title, fontFamilyMonospace]);

  useEffect(() => {
    screen?.setTheme(dark ? DARK : LIGHT);
  }, [screen, dark]);
  return { screen, status, size };
}

function Notice({ status, size }: { status: Status; size: Size | null }) {
  if (status.kind === "lost") {
    return (
      <Text size="xs" className={classes.notice} data-lost role="status">
        {texts.terminal.reconnecting(clock(status.since))}
      </Text>
    );
  }
  return (
    <Text size="xs" className={classes.notice} role="status">
      {status.kind === "connecting" && texts.terminal.connecting}
      {status.kind === "connected" && size !== null && `${size.columns} × ${size.rows}`}
    </Text>
  );
}

function Search({ screen, onClose }: { screen: Screen; onClose: () => void }) {
  const [words, setWords] = useState("");
  const [missed, setMissed] = useState(false);
  const find = (backwards: boolean) => setMissed(words !== "" && !screen.find(words, backwards));
  return (
    // Escape leaves the form, whichever of its fields has the focus.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form
      className={classes.search}
      onSubmit={(event) => {
        event.preventDefault();
        find(true);
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      <TextInput
        ref={(input) => input?.focus()}
        size="xs"
        flex={1}
        aria-label={texts.terminal.search}
        placeholder={texts.terminal.search}
        value={words}
        error={missed ? texts.terminal.noMatch : null}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      <IconButton type="submit" variant="default" label={texts.terminal.previous}>
        <IconArrowUp size={16} aria-hidden />
      </IconButton>
      <IconButton variant="default" label={texts.terminal.next} onClick={() => find(false)}>
        <IconArrowDown size={16} aria-hidden />
      </IconButton>
      <IconButton label={texts.common.close} onClick={onClose}>
        <IconX size={16} aria-hidden />
      </IconButton>
    </form>
  );
}
