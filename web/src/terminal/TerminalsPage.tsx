import { Button, Container, Group, Skeleton, Title } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";

import { api } from "../api/api.ts";
import type { TerminalSession } from "../api/contract.ts";
import { faultOf } from "../api/fault.ts";
import { places } from "../app/places.ts";
import { useAppDispatch } from "../app/store.ts";
import { useProject } from "../project/context.ts";
import { NotRunning } from "../project/NotRunning.tsx";
import { numberOf, tabsSlice } from "../project/tabs.ts";
import { texts } from "../texts/index.ts";
import { Ago } from "../ui/Ago.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { Empty } from "../ui/Empty.tsx";
import { IconPlus, IconTerminal2, IconX } from "../ui/icons.ts";
import { IconButton } from "../ui/IconButton.tsx";
import list from "../ui/list.module.css";
import { Problem } from "../ui/Problem.tsx";
import { isRunning } from "../ui/StateBadge.tsx";
import { useTitle } from "../ui/useTitle.ts";
import { endTerminal } from "./end.ts";
import classes from "./TerminalsPage.module.css";
import { useNewTerminal } from "./useNewTerminal.ts";

/** The list is looked at so often while the page is open (milliseconds). */
const EVERY = 5000;

/** The terminals of the project, whoever opened them, and a new one. */
export default function TerminalsPage() {
  const project = useProject();
  const id = project.project_id;
  const running = isRunning(project.state);
  useTitle(`${texts.terminal.listTitle} · ${project.title}`);
  const open = useNewTerminal(id);
  const { data, error, refetch } = api.useListTerminalsQuery(
    { project_id: id },
    { skip: !running, pollingInterval: EVERY, skipPollingIfUnfocused: true, refetchOnMountOrArgChange: true },
  );
  if (!running) return <NotRunning project={project} />;
  const create = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>
      {texts.terminal.create}
    </Button>
  );
  if (data?.sessions.length === 0) {
    return (
      <Empty
        icon={<IconTerminal2 size={44} stroke={1.5} />}
        title={texts.terminal.emptyTitle}
        words={texts.terminal.empty}
      >
        {create}
      </Empty>
    );
  }
  return (
    <Container size="sm" py="lg" w="100%">
      <Group justify="space-between" mb="md">
        <Title order={2} size="h3">
          {texts.terminal.listTitle}
        </Title>
        {create}
      </Group>
      {data !== undefined && <List id={id} sessions={data.sessions} onEnded={refetch} />}
      {data === undefined && error !== undefined && (
        <Problem title={texts.terminal.failed} fault={faultOf(error)} retry={refetch} />
      )}
      {data === undefined && error === undefined && (
        <Skeleton height={48} role="status" aria-label={texts.common.loading} />
      )}
    </Container>
  );
}

interface ListProps {
  id: string;
  sessions: TerminalSession[];
  onEnded: () => unknown;
}

function List({ id, sessions, onEnded }: ListProps) {
  const dispatch = useAppDispatch();
  const [ending, setEnding] = useState<string | null>(null);
  const nameOf = (session: string) => texts.terminal.title(numberOf(session));
  const end = async () => {
    if (ending === null) return;
    if (await endTerminal(location.origin, id, ending))
      dispatch(tabsSlice.actions.terminalForgotten({ project: id, session: ending }));
    setEnding(null);
    onEnded();
  };
  return (
    <>
      <ul className={`${list.list} ${classes.list}`} aria-label={texts.terminal.list}>
        {sessions.map(({ session, command, viewers, created }) => (
          <li key={session}>
            <Link to={places.terminal(id, session)}>
              <IconTerminal2 size={20} aria-hidden /> {nameOf(session)}
              <span className={classes.facts}>
                {texts.terminal.facts(command, viewers)} · <Ago time={created} />
              </span>
            </Link>
            <IconButton label={texts.terminal.end(nameOf(session))} onClick={() => setEnding(session)}>
              <IconX size={16} aria-hidden />
            </IconButton>
          </li>
        ))}
      </ul>
      <Confirm
        opened={ending !== null}
        title={texts.terminal.endTitle(ending === null ? "" : nameOf(ending))}
        words={texts.terminal.endText}
        action={texts.terminal.endAction}
        dangerous
        onClose={() => setEnding(null)}
        onConfirm={end}
      />
    </>
  );
}
