import { Button, CloseButton, Container, Group, Title } from "@mantine/core";
import { Link } from "react-router";

import { places } from "../app/places.ts";
import { useAppDispatch, useAppSelector } from "../app/store.ts";
import { useProject } from "../project/context.ts";
import { NotRunning } from "../project/NotRunning.tsx";
import { selectTabs, tabsSlice } from "../project/tabs.ts";
import { texts } from "../texts/index.ts";
import { Empty } from "../ui/Empty.tsx";
import { IconPlus, IconTerminal2 } from "../ui/icons.ts";
import { isRunning } from "../ui/StateBadge.tsx";
import { useTitle } from "../ui/useTitle.ts";
import classes from "./TerminalsPage.module.css";
import { useNewTerminal } from "./useNewTerminal.ts";

/** The terminals that this browser knows of, and a new one. */
export default function TerminalsPage() {
  const project = useProject();
  const id = project.project_id;
  useTitle(`${texts.terminal.listTitle} · ${project.title}`);
  const terminals = useAppSelector((state) => selectTabs(state, id).terminals);
  const dispatch = useAppDispatch();
  const open = useNewTerminal(id);
  if (!isRunning(project.state)) return <NotRunning project={project} />;
  const create = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>
      {texts.terminal.create}
    </Button>
  );
  if (terminals.length === 0) {
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
      <ul className={classes.list} aria-label={texts.terminal.list}>
        {terminals.map(({ session, number }) => (
          <li key={session}>
            <Link to={places.terminal(id, session)}>
              <IconTerminal2 size={20} aria-hidden /> {texts.terminal.title(number)}
            </Link>
            <CloseButton
              aria-label={texts.terminal.forget(texts.terminal.title(number))}
              onClick={() => dispatch(tabsSlice.actions.terminalForgotten({ project: id, session }))}
            />
          </li>
        ))}
      </ul>
    </Container>
  );
}
