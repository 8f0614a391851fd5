import { Skeleton, Stack } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { useMatch, useParams } from "react-router";

import type { Project } from "../api/contract.ts";
import { useAppSelector } from "../app/store.ts";
import { texts } from "../texts/index.ts";
import pane from "../ui/pane.module.css";
import { tabOf } from "./OpenItem.tsx";
import { sameTab, selectTabs, tabKey, type Tab } from "./tabs.ts";

const EditorPane = lazy(() => import("../editor/EditorPane.tsx"));
const TerminalPane = lazy(() => import("../terminal/TerminalPane.tsx"));

/**
 * Every file and terminal that was looked at since the page was loaded. Those not looked at now are hidden and kept: a
 * terminal keeps its screen, an editor its cursor and its way back.
 */
export function Deck({ project }: { project: Project }) {
  const id = project.project_id;
  const tabs = useAppSelector((state) => selectTabs(state, id).open);
  const active = useActiveTab();
  const [visited, setVisited] = useState<string[]>([]);
  const activeKey = active === undefined ? undefined : tabKey(active);
  if (activeKey !== undefined && !visited.includes(activeKey)) setVisited([...visited, activeKey]);
  const shown = tabs.filter((tab) => visited.includes(tabKey(tab)));
  return shown.map((tab) => {
    const isActive = active !== undefined && sameTab(tab, active);
    return (
      <section key={tabKey(tab)} className={pane.pane} hidden={!isActive}>
        <Suspense fallback={<Waiting />}>
          {tab.kind === "file" ? (
            <EditorPane project={project} path={tab.path} active={isActive} />
          ) : (
            <TerminalPane project={project} session={tab.session} number={tab.number} active={isActive} />
          )}
        </Suspense>
      </section>
    );
  });
}

function useActiveTab(): Tab | undefined {
  const editing = useMatch("/projects/:project/edit/*") !== null;
  const inTerminal = useMatch("/projects/:project/terminals/:session");
  const params = useParams();
  if (inTerminal !== null) return tabOf({ session: inTerminal.params.session });
  return editing ? tabOf({ "*": params["*"] }) : undefined;
}

function Waiting() {
  return (
    <Stack p="md" role="status" aria-label={texts.common.loading}>
      <Skeleton height={14} width="30%" />
      <Skeleton height={14} width="55%" />
      <Skeleton height={14} width="45%" />
    </Stack>
  );
}
