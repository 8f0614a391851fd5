import { useNavigate } from "react-router";

import { api } from "../api/api.ts";
import { places } from "../app/places.ts";
import { useAppDispatch, useAppStore } from "../app/store.ts";
import { newTerminal, numberOf, selectTabs, tabsSlice } from "../project/tabs.ts";

/** Opens a new terminal in the project and goes there. */
export function useNewTerminal(id: string): () => void {
  const store = useAppStore();
  const dispatch = useAppDispatch();
  const navigate = useNavigate();
  return () => {
    const state = store.getState();
    const listed = api.endpoints.listTerminals.select({ project_id: id })(state).data?.sessions ?? [];
    const others = listed.map(({ session }) => ({ number: numberOf(session) }));
    const tab = newTerminal([...selectTabs(state, id).terminals, ...others]);
    dispatch(tabsSlice.actions.opened({ project: id, tab }));
    void navigate(places.terminal(id, tab.session));
  };
}
