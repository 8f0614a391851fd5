import { useEffect } from "react";
import { useParams } from "react-router";

import { useAppDispatch } from "../app/store.ts";
import { numberOf, tabsSlice, type Tab } from "./tabs.ts";

/** The tab that an address asks for, or undefined if the address is of another kind. */
export function tabOf(params: { "*"?: string | undefined; session?: string | undefined }): Tab | undefined {
  if (params.session !== undefined) {
    return /^[A-Za-z0-9_-]{1,64}$/.test(params.session)
      ? { kind: "terminal", session: params.session, number: numberOf(params.session) }
      : undefined;
  }
  const path = params["*"] ?? "";
  return path === "" ? undefined : { kind: "file", path };
}

/** The place of a file or terminal. It only says what is open: `Deck` shows it, and keeps it while other tabs are looked at. */
export function OpenItem() {
  const params = useParams();
  const dispatch = useAppDispatch();
  const project = params.project ?? "";
  const tab = tabOf(params);
  const key = tab === undefined ? "" : JSON.stringify(tab);
  useEffect(() => {
    if (key !== "") dispatch(tabsSlice.actions.opened({ project, tab: JSON.parse(key) as Tab }));
  }, [dispatch, project, key]);
  return null;
}
