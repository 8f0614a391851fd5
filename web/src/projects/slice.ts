import { createEntityAdapter, createSelector, createSlice, type PayloadAction } from "@reduxjs/toolkit";

import { api } from "../api/api.ts";
import type { Change, Project, ProjectState } from "../api/contract.ts";

const adapter = createEntityAdapter({ selectId: (project: Project) => project.project_id });

const initialState = {
  ...adapter.getInitialState(),
  /** Whether the rows have arrived at least once. */
  loaded: false,
  /** What was asked for and is not confirmed by the table yet: shown at once, taken back if refused. */
  expected: {} as Record<string, ProjectState>,
};

type State = typeof initialState;

interface Asked {
  meta: { arg: { originalArgs: { project_id: string } } };
}

function expect(state: ProjectState) {
  return (slice: State, { meta }: Asked) => {
    slice.expected[meta.arg.originalArgs.project_id] = state;
  };
}

function unexpect(slice: State, { meta }: Asked) {
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a draft of Immer's, keyed by project
  delete slice.expected[meta.arg.originalArgs.project_id];
}

/** The answer's state stands until the table says more; if the table has spoken since the call, it knows better. */
function confirm(slice: State, action: Asked & { payload: { state: ProjectState } }) {
  const id = action.meta.arg.originalArgs.project_id;
  const project = slice.entities[id];
  if (project !== undefined && id in slice.expected) project.state = action.payload.state;
  unexpect(slice, action);
}

/** The rows of the synchronised table `projects`. */
export const projectsSlice = createSlice({
  name: "projects",
  initialState,
  reducers: {
    rowsArrived(state, { payload }: PayloadAction<Project[]>) {
      adapter.setAll(state, payload);
      state.loaded = true;
      state.expected = {};
    },
    changesArrived(state, { payload }: PayloadAction<Change<Project>[]>) {
      for (const change of payload) {
        // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a draft of Immer's, keyed by project
        delete state.expected[change.key];
        if (change.operation === "delete") adapter.removeOne(state, change.key);
        else if (change.row) adapter.setOne(state, change.row);
      }
    },
  },
  extraReducers: (build) => {
    const { startProject, stopProject, restartProject, saveProject } = api.endpoints;
    build
      .addMatcher(startProject.matchPending, expect("starting"))
      .addMatcher(stopProject.matchPending, expect("stopping"))
      .addMatcher(restartProject.matchPending, expect("stopping"))
      .addMatcher(saveProject.matchPending, expect("saving"))
      .addMatcher(startProject.matchRejected, unexpect)
      .addMatcher(stopProject.matchRejected, unexpect)
      .addMatcher(restartProject.matchRejected, unexpect)
      .addMatcher(saveProject.matchRejected, unexpect)
      .addMatcher(startProject.matchFulfilled, confirm)
      .addMatcher(stopProject.matchFulfilled, confirm)
      .addMatcher(restartProject.matchFulfilled, confirm)
      .addMatcher(saveProject.matchFulfilled, confirm)
      // Before the live rows are there, those of the plain call serve; later ones could be older than the table's.
      .addMatcher(api.endpoints.getProjects.matchFulfilled, (state, { payload }) => {
        if (state.loaded) return;
        adapter.setAll(state, payload.projects);
        state.loaded = true;
      });
  },
});

interface Root {
  projects: State;
}

const selectors = adapter.getSelectors((root: Root) => root.projects);
const expected = (root: Root) => root.projects.expected;

function withExpected(project: Project, state: ProjectState | undefined): Project {
  return state === undefined ? project : { ...project, state };
}

/** Every project of the person, with what was asked for and is not yet confirmed. */
export const selectProjects = createSelector([selectors.selectAll, expected], (projects, states) =>
  projects.map((project) => withExpected(project, states[project.project_id])),
);

export const selectLoaded = (root: Root): boolean => root.projects.loaded;

/** One project, or undefined if it is not (or not yet) among the person's projects. */
export const makeSelectProject = (id: string) =>
  createSelector(
    [(root: Root) => root.projects.entities[id], (root: Root) => root.projects.expected[id]],
    (project, state) => (project === undefined ? undefined : withExpected(project, state)),
  );
