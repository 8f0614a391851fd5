import { screen, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";

import { FakeInstance } from "../fake/instance.ts";
import { expectAccessible, visit } from "../render.tsx";

const NAME = "2026-11-22T10:15:00Z";

function look(path: string, now?: string) {
  const instance = new FakeInstance();
  const ada = instance.addAccount();
  const { project_id: id } = instance.addProject(ada);
  instance.snapshots.set(id, [{ name: NAME, time: NAME }]);
  instance.past.set(
    `${id} ${NAME}`,
    new Map([
      ["notes/", ""],
      ["notes/proof.txt", "first line\nsecond line\n"],
      ["notes/blob", "\0\u0001"],
    ]),
  );
  if (now !== undefined) instance.write(id, "notes/proof.txt", now);
  return { ...visit(`/projects/${id}/snapshots${path}`, instance, ada), id };
}

const inside = `/${encodeURIComponent(NAME)}`;

it("a snapshot is gone into, folder by folder, to a file as it was", async () => {
  const { user, place } = look("");
  await user.click(await screen.findByRole("link", { name: /^Look inside the whole project as of/ }));
  await user.click(await screen.findByRole("link", { name: "notes" }));
  await user.click(await screen.findByRole("link", { name: "proof.txt" }));
  expect(place.now).toMatch(/snapshots\/2026-11-22T10%3A15%3A00Z\/notes\/proof.txt$/);
  expect(await screen.findByText("first line")).toBeVisible();
  expect(screen.getByRole("link", { name: "notes" })).toBeVisible();
  await expectAccessible();
});

it("a file as it was is compared with now, and restored", async () => {
  const { user } = look(`${inside}/notes/proof.txt`, "first line\nanother line\n");
  await user.click(await screen.findByRole("radio", { name: "Compare with now" }));
  expect(await screen.findByRole("textbox", { name: "Then: notes/proof.txt" })).toHaveTextContent(
    "second line",
  );
  expect(screen.getByRole("textbox", { name: "Now: notes/proof.txt" })).toHaveTextContent("another line");
  await user.click(screen.getByRole("button", { name: "Restore" }));
  expect(await screen.findByRole("dialog")).toBeVisible();
});

it("says that the file is not there now, that it is no text, or that the snapshot has none", async () => {
  const { user } = look(`${inside}/notes/proof.txt`);
  await user.click(await screen.findByRole("radio", { name: "Compare with now" }));
  expect(await screen.findByText(/The file is not there now/)).toBeVisible();
  await user.click(screen.getByRole("link", { name: "notes" }));
  await user.click(await screen.findByRole("link", { name: "blob" }));
  expect(await screen.findByText("There is no preview")).toBeVisible();
  const { unmount } = look(`${inside}/nothing`);
  await waitFor(() => expect(screen.getByText("The snapshot could not be looked into")).toBeVisible());
  unmount();
});
