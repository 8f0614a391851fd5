import { screen, waitFor } from "@testing-library/react";
import { EditorView } from "@codemirror/view";
import { expect, it } from "vitest";

import { FakeInstance } from "../fake/instance.ts";
import { expectAccessible, visit } from "../render.tsx";

// Loaded on demand by the page; a busy machine takes longer for it than the page is waited for.
import "../../src/preview/Markdown.tsx";

function edit(path: string, content: string) {
  const instance = new FakeInstance();
  const ada = instance.addAccount();
  const { project_id: id } = instance.addProject(ada);
  instance.write(id, path, content, "2026-11-22T10:15:00Z");
  return { ...visit(`/projects/${id}/edit/${path}`, instance, ada), id };
}

function viewOf(path: string): EditorView {
  const found = EditorView.findFromDOM(screen.getByRole("textbox", { name: `Text of ${path}` }));
  if (found === null) throw new Error("no editor");
  return found;
}

it("a file that a program changes is followed while nothing was typed", async () => {
  const { instance, id } = edit("log.txt", "one");
  await screen.findByText("one");
  instance.write(id, "log.txt", "one and two");
  expect(await screen.findByText("one and two")).toBeVisible();
});

it("a file that changed on disk while something was typed is not overwritten: both are shown", async () => {
  const { user, instance, id } = edit("notes.txt", "theirs");
  await screen.findByText("theirs");
  instance.write(id, "notes.txt", "theirs, newer");
  viewOf("notes.txt").dispatch({ changes: { from: 0, insert: "mine and " } });
  expect(await screen.findByText("This file was changed elsewhere", { selector: "span" })).toBeVisible();
  expect(instance.read(id, "notes.txt")).toBe("theirs, newer");
  await user.click(await screen.findByRole("button", { name: "Save my text" }));
  await waitFor(() => expect(instance.read(id, "notes.txt")).toBe("mine and theirs"));
});

it("a Markdown text is shown beside what is typed, or alone", async () => {
  const { user } = edit("README.md", "# Rings");
  expect(await screen.findByRole("heading", { name: "Rings" })).toBeVisible();
  viewOf("README.md").dispatch({ changes: { from: 7, insert: " and fields" } });
  expect(await screen.findByRole("heading", { name: "Rings and fields" })).toBeVisible();
  await expectAccessible();
  await user.click(screen.getByRole("radio", { name: "Text" }));
  await waitFor(() => expect(screen.queryByRole("heading", { name: "Rings and fields" })).toBeNull());
});
