import { describe, expect, it } from "vitest";

import { makeStore } from "../../src/app/store.ts";
import { matching } from "../../src/projects/ProjectsPage.tsx";
import { projectsSlice, selectProjects } from "../../src/projects/slice.ts";
import { FakeInstance } from "../fake/instance.ts";

const { rowsArrived, changesArrived } = projectsSlice.actions;

function filled() {
  const instance = new FakeInstance();
  const ada = instance.addAccount();
  const one = instance.addProject(ada, { title: "Algebra", last_edited: "2026-11-20T00:00:00Z" });
  const two = instance.addProject(ada, {
    title: "Numerics",
    state: "opened",
    last_edited: "2026-11-21T00:00:00Z",
  });
  const store = makeStore();
  store.dispatch(rowsArrived([one, two]));
  return { store, one, two };
}

describe("the table of projects", () => {
  it("takes inserts, updates and deletes", () => {
    const { store, one, two } = filled();
    store.dispatch(
      changesArrived([
        { operation: "update", key: one.project_id, row: { ...one, title: "Rings" } },
        { operation: "delete", key: two.project_id },
        { operation: "insert", key: "new", row: { ...two, project_id: "new" } },
      ]),
    );
    expect(selectProjects(store.getState()).map((project) => project.title)).toEqual(["Rings", "Numerics"]);
  });

  it("is replaced as a whole by the rows of a new connection", () => {
    const { store, two } = filled();
    store.dispatch(rowsArrived([two]));
    expect(selectProjects(store.getState())).toEqual([two]);
  });
});

it("finds by every word, in title, state and people, the latest edited first", () => {
  const { one, two } = filled();
  const titles = (words: string) => matching([one, two], words).map((project) => project.title);
  expect(titles("")).toEqual(["Numerics", "Algebra"]);
  expect(titles("ADA alg")).toEqual(["Algebra"]);
  expect(titles("stopped")).toEqual(["Numerics"]);
  expect(titles("stopped algebra")).toEqual([]);
});
