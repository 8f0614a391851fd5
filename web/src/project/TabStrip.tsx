import { CloseButton } from "@mantine/core";
import { useEffect, useRef } from "react";
import { NavLink, useLocation, useNavigate } from "react-router";

import { places } from "../app/places.ts";
import { useAppDispatch, useAppSelector } from "../app/store.ts";
import { baseName, parentOf } from "../files/path.ts";
import { useNewTerminal } from "../terminal/useNewTerminal.ts";
import { texts } from "../texts/index.ts";
import { IconFileText, IconPlus, IconTerminal2 } from "../ui/icons.ts";
import { IconButton } from "../ui/IconButton.tsx";
import { selectTabs, tabKey, tabsSlice, type Tab } from "./tabs.ts";
import classes from "./TabStrip.module.css";

const placeOf = (id: string, tab: Tab) =>
  tab.kind === "file" ? places.file(id, tab.path) : places.terminal(id, tab.session);

const labelOf = (tab: Tab) => (tab.kind === "file" ? baseName(tab.path) : texts.terminal.title(tab.number));

/** What is open in the project: links, each with a button that closes it. */
export function TabStrip({ id }: { id: string }) {
  const tabs = useAppSelector((state) => selectTabs(state, id).open);
  const newTerminal = useNewTerminal(id);
  const close = useClose(id, tabs);
  const { pathname } = useLocation();
  const strip = useRef<HTMLElement>(null);
  useEffect(() => {
    strip.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [pathname, tabs.length]);
  if (tabs.length === 0) return null;
  return (
    <nav className={classes.strip} aria-label={texts.project.tabs} ref={strip}>
      <ul>
        {tabs.map((tab) => (
          <li key={tabKey(tab)} className={classes.tab}>
            <NavLink
              to={placeOf(id, tab)}
              className={classes.link}
              title={tab.kind === "file" ? tab.path : undefined}
              onAuxClick={(event) => {
                if (event.button !== 1) return;
                event.preventDefault();
                close(tab);
              }}
            >
              {tab.kind === "file" ? (
                <IconFileText size={15} aria-hidden />
              ) : (
                <IconTerminal2 size={15} aria-hidden />
              )}
              <span>{labelOf(tab)}</span>
            </NavLink>
            <CloseButton
              size={24}
              iconSize={14}
              className={classes.close}
              aria-label={texts.project.closeTab(labelOf(tab))}
              onClick={() => close(tab)}
            />
          </li>
        ))}
      </ul>
      <IconButton label={texts.terminal.create} onClick={newTerminal}>
        <IconPlus size={16} aria-hidden />
      </IconButton>
    </nav>
  );
}

/** Closes a tab; from the one being looked at, goes to its neighbour or to the list that it came from. */
function useClose(id: string, tabs: Tab[]) {
  const dispatch = useAppDispatch();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  return (tab: Tab) => {
    const here = decodeURI(pathname) === decodeURI(placeOf(id, tab));
    const index = tabs.indexOf(tab);
    const neighbour = tabs[index + 1] ?? tabs[index - 1];
    dispatch(tabsSlice.actions.closed({ project: id, tab }));
    if (!here) return;
    const list = tab.kind === "file" ? places.folder(id, parentOf(tab.path)) : places.terminals(id);
    void navigate(neighbour === undefined ? list : placeOf(id, neighbour));
  };
}
