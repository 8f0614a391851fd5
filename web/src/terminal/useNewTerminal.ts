import { useNavigate } from "react-router";

import { places } from "../app/places.ts";
import { useAppDispatch, useAppStore } from "../app/store.ts";
import { newTerminal, selectTabs, tabsSlice } from "../project/tabs.ts";

/** Opens a new terminal in the project and goes there. */
export function useNewTerminal(id: string): () => void {
  const store = useAppStore();
  const dispatch = useAppDispatch();
  const navigate = useNavigate();
  return () => {
    const tab = newTerminal(selectTabs(store.getState(), id).terminals);
    dispatch(tabsSlice.actions.opened({ project: id, tab }));
    void navigate(places.terminal(id, tab.session));
  };
}
