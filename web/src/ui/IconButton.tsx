import { ActionIcon, type ActionIconProps } from "@mantine/core";
import type { ComponentPropsWithRef } from "react";

type Props = Omit<ActionIconProps, "children"> &
  Omit<ComponentPropsWithRef<"button">, keyof ActionIconProps> & {
    /** What the button does: its accessible name, also shown on hover. */
    label: string;
    children: React.ReactNode;
  };

/** A button that shows only an icon. */
export function IconButton({ label, children, ...rest }: Props) {
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={label} title={label} {...rest}>
      {children}
    </ActionIcon>
  );
}
