import "../ui/dialog.ts";
import "@mantine/spotlight/styles.css";

import { useMantineColorScheme } from "@mantine/core";
import { createSpotlight, Spotlight, type SpotlightActionGroupData } from "@mantine/spotlight";
import { useEffect } from "react";
import { useMatch, useNavigate } from "react-router";

import { api } from "../api/api.ts";
import { places } from "../app/places.ts";
import { useAppDispatch, useAppSelector } from "../app/store.ts";
import { useProjectActions } from "../projects/actions.ts";
import { makeSelectProject, selectProjects } from "../projects/slice.ts";
import { newTerminal, selectTabs, tabsSlice } from "../project/tabs.ts";
import { texts } from "../texts/index.ts";
import {
  IconCamera,
  IconFileText,
  IconFolder,
  IconFolders,
  IconMoon,
  IconPlayerPlay,
  IconPlayerStop,
  IconPlus,
  IconSearch,
  IconSettings,
  IconSun,
  IconTerminal2,
  IconUser,
  IconUsers,
} from "../ui/icons.ts";
import { isRunning } from "../ui/StateBadge.tsx";

const [store, spotlight] = createSpotlight();
const size = 18;

interface Props {
  opened: boolean;
  onClose: () => void;
}

/** Search and commands: every place and action, found by typing. */
export default function Palette({ opened, onClose }: Props) {
  useEffect(() => (opened ? spotlight.open() : spotlight.close()), [opened]);
  const match = useMatch("/projects/:project/*");
  const id = match?.params.project ?? "";
  const here = useProjectPlaces(id);
  const everywhere = useEverywhereGroups(id);
  return (
    <Spotlight
      store={store}
      actions={[...here, ...everywhere]}
      shortcut={null}
      limit={20}
      highlightQuery
      scrollable
      maxHeight={420}
      onSpotlightClose={onClose}
      nothingFound={texts.shell.nothingFound}
      attributes={{ content: { "aria-label": texts.shell.palette } }}
      searchProps={{
        leftSection: <IconSearch size={size} aria-hidden />,
        placeholder: texts.shell.search,
        "aria-label": texts.shell.search,
      }}
    />
  );
}

function useProjectPlaces(id: string): SpotlightActionGroupData[] {
  const navigate = useNavigate();
  const dispatch = useAppDispatch();
  const project = useAppSelector(makeSelectProject(id));
  const tabs = useAppSelector((state) => selectTabs(state, id));
  if (project === undefined) return [];
  const go = (to: string) => () => void navigate(to);
  const openTerminal = () => {
    const tab = newTerminal(tabs.terminals);
    dispatch(tabsSlice.actions.opened({ project: id, tab }));
    void navigate(places.terminal(id, tab.session));
  };
  const { places: group, openTabs } = texts.shell;
  return [
    {
      group,
      actions: [
        {
          id: "files",
          label: texts.project.files,
          leftSection: <IconFolder size={size} />,
          onClick: go(places.folder(id, "")),
        },
        {
          id: "terminal",
          label: texts.terminal.create,
          leftSection: <IconTerminal2 size={size} />,
          onClick: openTerminal,
        },
        {
          id: "snapshots",
          label: texts.project.snapshots,
          leftSection: <IconCamera size={size} />,
          onClick: go(places.snapshots(id)),
        },
        {
          id: "people",
          label: texts.project.people,
          leftSection: <IconUsers size={size} />,
          onClick: go(places.people(id)),
        },
        {
          id: "settings",
          label: texts.project.settings,
          leftSection: <IconSettings size={size} />,
          onClick: go(places.settings(id)),
        },
      ],
    },
    {
      group: openTabs,
      actions: tabs.open.map((tab) =>
        tab.kind === "file"
          ? {
              id: `file:${tab.path}`,
              label: tab.path,
              leftSection: <IconFileText size={size} />,
              onClick: go(places.file(id, tab.path)),
            }
          : {
              id: `terminal:${tab.session}`,
              label: texts.terminal.title(tab.number),
              leftSection: <IconTerminal2 size={size} />,
              onClick: go(places.terminal(id, tab.session)),
            },
      ),
    },
  ];
}

/** Starting or stopping the project that the page shows. Never the first hit: Enter after a few letters is to lead somewhere. */
function useStartOrStop(id: string) {
  const { start, stop } = useProjectActions();
  const project = useAppSelector(makeSelectProject(id));
  if (project === undefined) return [];
  const running = isRunning(project.state);
  return [
    running
      ? {
          id: "stop",
          label: texts.projects.stopOf(project.title),
          leftSection: <IconPlayerStop size={size} />,
          onClick: () => void stop(project),
        }
      : {
          id: "start",
          label: texts.projects.startOf(project.title),
          leftSection: <IconPlayerPlay size={size} />,
          onClick: () => void start(project),
        },
  ];
}

function useEverywhereGroups(id: string): SpotlightActionGroupData[] {
  const startOrStop = useStartOrStop(id);
  const navigate = useNavigate();
  const projects = useAppSelector(selectProjects);
  const { setColorScheme } = useMantineColorScheme();
  const { data: account } = api.useGetAccountQuery();
  const go = (to: string) => () => void navigate(to);
  return [
    {
      group: texts.shell.projects,
      actions: projects.map((project) => ({
        id: project.project_id,
        label: project.title,
        description: texts.state[project.state],
        leftSection: <IconFolders size={size} />,
        onClick: go(places.project(project.project_id)),
      })),
    },
    {
      group: texts.shell.actions,
      actions: [
        {
          id: "projects",
          label: texts.projects.title,
          leftSection: <IconFolders size={size} />,
          onClick: go(places.projects),
        },
        {
          id: "new",
          label: texts.projects.create,
          leftSection: <IconPlus size={size} />,
          onClick: go("/projects?new=1"),
        },
        {
          id: "account",
          label: texts.account.title,
          ...(account === undefined ? {} : { description: account.email_address }),
          leftSection: <IconUser size={size} />,
          onClick: go(places.account),
        },
        {
          id: "light",
          label: `${texts.account.appearance}: ${texts.account.light}`,
          leftSection: <IconSun size={size} />,
          onClick: () => setColorScheme("light"),
        },
        {
          id: "dark",
          label: `${texts.account.appearance}: ${texts.account.dark}`,
          leftSection: <IconMoon size={size} />,
          onClick: () => setColorScheme("dark"),
        },
        ...startOrStop,
      ],
    },
  ];
}
