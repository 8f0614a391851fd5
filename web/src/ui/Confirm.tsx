import { lazy, Suspense, useState, type ReactNode } from "react";

const ConfirmDialog = lazy(() => import("./ConfirmDialog.tsx"));

export interface ConfirmProps {
  opened: boolean;
  title: string;
  /** What will happen, also what will not. */
  words: ReactNode;
  /** The verb of the button. */
  action: string;
  dangerous?: boolean;
  busy?: boolean;
  onConfirm: () => unknown;
  onClose: () => void;
}

/** Asks before something that cannot be taken back. The dialog is loaded when it is first needed. */
export function Confirm(props: ConfirmProps) {
  const [asked, setAsked] = useState(props.opened);
  if (props.opened && !asked) setAsked(true);
  return asked ? (
    <Suspense>
      <ConfirmDialog {...props} />
    </Suspense>
  ) : null;
}
