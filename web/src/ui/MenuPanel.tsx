import "@mantine/core/styles/ScrollArea.css";
import "@mantine/core/styles/Popover.css";
import "@mantine/core/styles/Menu.css";

import { Menu } from "@mantine/core";
import { useRef, type ReactNode } from "react";
import { Link } from "react-router";

import { texts } from "../texts/index.ts";
import { IconCheck } from "./icons.ts";
import type { MenuProps } from "./MenuButton.tsx";

/** One line of a menu: an action, a place, a choice that may be on, a heading, or a rule between groups. */
export type MenuLine =
  | "rule"
  | { heading: ReactNode }
  | {
      label: string;
      icon?: ReactNode;
      to?: string;
      /** An address outside of this page: something to download, or with `newTab` to look at beside it. */
      href?: string;
      newTab?: boolean;
      onClick?: () => void;
      checked?: boolean;
      disabled?: boolean;
      dangerous?: boolean;
    };

/** The menu itself, open from the start: it is loaded because somebody asked for it. */
export default function MenuPanel({ label, button, lines, width = 220, returnFocus = true }: MenuProps) {
  const target = useRef<HTMLButtonElement>(null);
  // The button that had the focus before the menu was loaded is gone: this one has taken its place.
  const onClose = () => {
    if (returnFocus) target.current?.focus();
  };
  return (
    <Menu
      onClose={onClose}
      defaultOpened
      withInitialFocusPlaceholder={false}
      width={width}
      returnFocus={returnFocus}
    >
      <Menu.Target>
        {button({ ref: target, "aria-label": label, onClick: (event) => event.stopPropagation() })}
      </Menu.Target>
      <Menu.Dropdown onClick={(event) => event.stopPropagation()}>
        {lines.map((line, index) => (
          <Line key={index} line={line} />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Line({ line }: { line: MenuLine }) {
  if (line === "rule") return <Menu.Divider />;
  if ("heading" in line) return <Menu.Label>{line.heading}</Menu.Label>;
  const { label, icon, to, href, newTab, onClick, checked, disabled, dangerous } = line;
  const look = {
    leftSection: icon,
    rightSection: checked === true ? <IconCheck size={16} aria-label={texts.common.chosen} /> : null,
    disabled: disabled === true,
    ...(dangerous === true && { color: "red" }),
  };
  if (to !== undefined) {
    return (
      <Menu.Item component={Link} to={to} {...look}>
        {label}
      </Menu.Item>
    );
  }
  if (href !== undefined) {
    const how = newTab === true ? { target: "_blank", rel: "noopener" } : { download: true };
    return (
      <Menu.Item component="a" href={href} {...how} {...look}>
        {label}
      </Menu.Item>
    );
  }
  return (
    <Menu.Item onClick={onClick} {...look}>
      {label}
    </Menu.Item>
  );
}
