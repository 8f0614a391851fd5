import {
  combineReducers,
  configureStore,
  createAction,
  createSlice,
  type Reducer,
  type UnknownAction,
} from "@reduxjs/toolkit";
import { useDispatch, useSelector, useStore } from "react-redux";

import { api } from "../api/api.ts";
import { liveSlice } from "../live/slice.ts";
import { loadTabs, storeTabs, tabsSlice } from "../project/tabs.ts";
import { projectsSlice } from "../projects/slice.ts";
import { transfersSlice } from "../transfers/slice.ts";

/** Forgets all that belongs to the person who was signed in. */
export const forgotten = createAction("app/forgotten");

/** Whether the person has signed out on this page, and nobody has signed in since. */
const sessionSlice = createSlice({
  name: "session",
  initialState: { left: false },
  reducers: {},
  extraReducers: (build) => {
    build
      .addCase(forgotten, (state) => {
        state.left = true;
      })
      .addMatcher(api.endpoints.getAccount.matchFulfilled, (state) => {
        state.left = false;
      });
  },
});

const combined = combineReducers({
  [api.reducerPath]: api.reducer,
  live: liveSlice.reducer,
  projects: projectsSlice.reducer,
  session: sessionSlice.reducer,
  tabs: tabsSlice.reducer,
  transfers: transfersSlice.reducer,
});

export type RootState = ReturnType<typeof combined>;

const root: Reducer<RootState, UnknownAction, Partial<RootState>> = (state, action) => {
  if (!forgotten.match(action) || state === undefined) return combined(state, action);
  // The instance stays known, and the tabs stay for when the person comes back.
  const empty = { projects: projectsSlice.getInitialState(), transfers: transfersSlice.getInitialState() };
  return combined({ ...state, ...empty }, action);
};

export function makeStore(storage: Storage = localStorage) {
  const store = configureStore({
    reducer: root,
    middleware: (defaults) => defaults().concat(api.middleware),
    preloadedState: { tabs: loadTabs(storage) },
  });
  let tabs = store.getState().tabs;
  store.subscribe(() => {
    const now = store.getState().tabs;
    if (now !== tabs) storeTabs(storage, (tabs = now));
  });
  return store;
}

export type Store = ReturnType<typeof makeStore>;
export type Dispatch = Store["dispatch"];

export const useAppDispatch = useDispatch.withTypes<Dispatch>();
export const useAppSelector = useSelector.withTypes<RootState>();
export const useAppStore = useStore.withTypes<Store>();
