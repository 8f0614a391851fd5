import { lazy, Suspense, useState, type ComponentPropsWithRef, type ReactNode } from "react";

import type { MenuLine } from "./MenuPanel.tsx";

const load = () => import("./MenuPanel.tsx");
const MenuPanel = lazy(load);

export interface MenuProps {
  /** Whose actions these are: the button's accessible name. */
  label: string;
  /** The button; it is given its name and its events. */
  button: (props: ComponentPropsWithRef<"button">) => ReactNode;
  lines: MenuLine[];
  width?: number;
  returnFocus?: boolean;
}

/** A button with a menu. What draws menus is heavy, and loaded when the first of them is about to be opened. */
export function MenuButton({ label, button, lines, width, returnFocus }: MenuProps) {
  const [asked, setAsked] = useState(false);
  const closed = button({
    "aria-label": label,
    "aria-haspopup": "menu",
    "aria-expanded": false,
    onPointerEnter: () => void load(),
    onFocus: () => void load(),
    onClick: (event) => {
      event.stopPropagation();
      setAsked(true);
    },
  });
  if (!asked) return closed;
  return (
    <Suspense fallback={closed}>
      <MenuPanel
        label={label}
        button={button}
        lines={lines}
        {...(width && { width })}
        {...(returnFocus === false && { returnFocus })}
      />
    </Suspense>
  );
}
