import type { ReactNode, Ref } from "react";

interface Props {
  label: string;
  className?: string | undefined;
  ref?: Ref<HTMLDivElement>;
  children: ReactNode;
}

/** A part of the page that scrolls by itself, by keyboard too. */
export function Scroller({ label, className, ref, children }: Props) {
  return (
    // What scrolls must take the focus, or it cannot be read by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div ref={ref} className={className} role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
