import { NavLink, useLocation } from "react-router";

import { places } from "../app/places.ts";
import { texts } from "../texts/index.ts";
import { IconApps, IconFolder, IconHistory, IconSettings, IconTerminal2, IconUsers } from "../ui/icons.ts";
import classes from "./Rail.module.css";

/** The places of a project. At the side, or at the bottom of a narrow window. */
export function Rail({ id }: { id: string }) {
  const { pathname } = useLocation();
  const editing = pathname.startsWith(`${places.project(id)}/edit/`);
  const items = [
    { to: places.folder(id, ""), label: texts.project.files, Icon: IconFolder, also: editing },
    { to: places.terminals(id), label: texts.project.terminals, Icon: IconTerminal2 },
    { to: places.apps(id), label: texts.project.apps, Icon: IconApps },
    { to: places.snapshots(id), label: texts.project.snapshots, Icon: IconHistory },
    { to: places.people(id), label: texts.project.people, Icon: IconUsers },
    { to: places.settings(id), label: texts.project.settings, Icon: IconSettings },
  ];
  return (
    <nav className={classes.rail} aria-label={texts.project.rail}>
      {items.map(({ to, label, Icon, also }) => (
        <NavLink key={to} to={to} className={classes.item} data-also={also === true || undefined}>
          <Icon size={22} stroke={1.6} aria-hidden />
          <span>{label}</span>
        </NavLink>
      ))}
    </nav>
  );
}
