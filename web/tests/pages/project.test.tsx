import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";

import type { Project } from "../../src/api/contract.ts";
import { FakeInstance } from "../fake/instance.ts";
import { expectAccessible, visit } from "../render.tsx";

/** Answers every upload with 201; lists what was asked. */
function stubUploads(): string[] {
  const requests: string[] = [];
  class Request {
    upload = {};
    status = 201;
    responseText = "";
    onload: (() => void) | undefined;
    #line = "";
    open(method: string, url: string) {
      this.#line = `${method} ${url}`;
    }
    setRequestHeader() {
      return undefined;
    }
    send(body: Blob) {
      requests.push(`${this.#line} ${body.size}`);
      queueMicrotask(() => this.onload?.());
    }
  }
  vi.stubGlobal("XMLHttpRequest", Request);
  return requests;
}

function open(place: string, fields: Partial<Project> = {}) {
  const instance = new FakeInstance();
  const ada = instance.addAccount({ administrator: fields.quota !== undefined });
  const { project_id: id } = instance.addProject(ada, fields);
  instance.write(id, "notes.txt", "some notes");
  instance.write(id, "data/points.csv", "1,2");
  instance.snapshots.set(id, [
    { name: "2026-11-21T10:15:00Z", time: "2026-11-21T10:15:00Z" },
    { name: "2026-11-22T10:15:00Z", time: "2026-11-22T10:15:00Z" },
  ]);
  return { ...visit(`/projects/${id}/${place}`, instance, ada), id, ada };
}

const grid = () => screen.findByRole("grid", { name: "Files" });

describe("files", () => {
  it("are gone through by keyboard", async () => {
    const { user, place } = open("files");
    (await grid()).focus();
    await user.keyboard("{Enter}");
    expect(await screen.findByRole("row", { name: "points.csv" })).toBeVisible();
    expect(place.now).toMatch(/files\/data$/);
    await expectAccessible();
    (await grid()).focus();
    await user.keyboard("{Backspace}");
    expect(await screen.findByRole("row", { name: "notes.txt" })).toBeVisible();
  });

  it("go to the trash by Delete, the one that was clicked, and come back by Undo", async () => {
    const { user, instance, id } = open("files");
    await user.click(await screen.findByRole("row", { name: "notes.txt" }));
    await user.keyboard("{Delete}");
    await waitFor(() => expect(instance.read(id, "notes.txt")).toBeUndefined());
    expect(screen.queryByRole("row", { name: "notes.txt" })).toBeNull();
    await user.click(await screen.findByRole("button", { name: "Undo" }));
    expect(await screen.findByRole("row", { name: "notes.txt" })).toBeVisible();
    expect(instance.read(id, "notes.txt")).toBe("some notes");
    expect(instance.read(id, "data/points.csv")).toBe("1,2");
  });

  it("are renamed in place, but not to a name that is there", async () => {
    const { user, instance, id } = open("files");
    await user.click(await screen.findByRole("row", { name: "notes.txt" }));
    await user.keyboard("{F2}");
    const name = await screen.findByRole("textbox", { name: "New name of notes.txt" });
    await user.clear(name);
    await user.type(name, "data{Enter}");
    expect(screen.getByText("“data” is there already.")).toBeVisible();
    await user.clear(name);
    await user.type(name, "thoughts.txt{Enter}");
    expect(await screen.findByRole("row", { name: "thoughts.txt" })).toBeVisible();
    await waitFor(() => expect(instance.read(id, "thoughts.txt")).toBe("some notes"));
  });

  it("are back where they were if a rename is refused", async () => {
    const { user, instance } = open("files");
    await user.click(await screen.findByRole("row", { name: "notes.txt" }));
    instance.refusals.push({ event: "rename_path", status: 403, code: "forbidden", message: "Not yours." });
    await user.keyboard("{F2}");
    await user.type(await screen.findByRole("textbox", { name: "New name of notes.txt" }), "x{Enter}");
    expect(await screen.findByText("Not yours.")).toBeVisible();
    expect(await screen.findByRole("row", { name: "notes.txt" })).toBeVisible();
  });

  it("are uploaded whatever they hold, under a free name, and the page says how far it is", async () => {
    const { user, id } = open("files");
    await grid();
    const requests = stubUploads();
    const [input] = document.querySelectorAll<HTMLInputElement>("input[type=file]");
    if (input === undefined) throw new Error("no input for files");
    await user.upload(input, new File([new Uint8Array([0xff, 0])], "notes.txt"));
    expect(await screen.findByText("1 upload finished")).toBeVisible();
    expect(requests).toEqual([
      expect.stringMatching(`^PUT /${id}/files/notes%20\\(2\\).txt\\?upload=[0-9a-f-]{36}&offset=0 2$`),
    ]);
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Clear finished" }));
    await waitFor(() => expect(screen.queryByRole("region", { name: "Uploads" })).toBeNull());
  });

  it("are downloaded from their row's menu", async () => {
    const { user, id } = open("files");
    await user.click(await screen.findByRole("button", { name: "Actions for notes.txt" }));
    const item = await screen.findByRole("menuitem", { name: "Download" });
    expect(item).toHaveAttribute("href", `/${id}/files/notes.txt`);
  });

  it("open in JupyterLab if they are notebooks", async () => {
    const { instance, id } = open("files");
    instance.write(id, "first.ipynb", "{}");
    const link = await screen.findByRole("link", { name: "first.ipynb" });
    expect(link).toHaveAttribute("href", `/${id}/port/jupyter/lab/tree/first.ipynb`);
  });

  it("say what went wrong and try again", async () => {
    const instance = new FakeInstance();
    const ada = instance.addAccount();
    const { project_id: id } = instance.addProject(ada);
    instance.refusals.push({ event: "list_directory", status: 503, code: "unavailable", message: "" });
    const { user } = visit(`/projects/${id}/files`, instance, ada);
    expect(await screen.findByText("The folder could not be loaded")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("This folder is empty")).toBeVisible();
  });

  it("scroll as a folder of 10,000", async () => {
    const { instance, id, user } = open("files");
    for (let n = 0; n < 10_000; n += 1) instance.write(id, `many/run-${n}`, "");
    await user.dblClick(await screen.findByRole("row", { name: "data" }));
    await screen.findByRole("row", { name: "points.csv" });
    await user.click(screen.getByRole("link", { name: "Home" }));
    await user.dblClick(await screen.findByRole("row", { name: "many" }));
    expect(await screen.findByText("10,000 entries")).toBeVisible();
    expect(screen.getAllByRole("row").length).toBeLessThan(100);
  });
});

describe("a project that is stopped", () => {
  it("says why, and starts", async () => {
    const { user } = open("files", { state: "opened", state_detail: "out of memory" });
    expect(await screen.findByText("The project is stopped")).toBeVisible();
    expect(screen.getAllByText(/out of memory/).length).toBeGreaterThan(0);
    await user.click(screen.getByRole("button", { name: "Start project" }));
    expect(await grid()).toBeVisible();
  });
});

describe("snapshots", () => {
  it("are restored after a question, and the page says what was set aside", async () => {
    const { user } = open("snapshots?path=notes.txt");
    const [restore] = await screen.findAllByRole("button", { name: /^Restore notes.txt as of/ });
    if (restore === undefined) throw new Error("no snapshot");
    await expectAccessible();
    await user.click(restore);
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: "Restore" }));
    expect(await screen.findByText("Restored: notes.txt")).toBeVisible();
    expect(screen.getByText("notes.txt.before-restore-2026-11-22T10-15-00Z")).toBeVisible();
  });
});

describe("people", () => {
  it("are invited by address, also when nobody has it", async () => {
    const { user, instance } = open("people");
    instance.addAccount({ email_address: "emmy@example.org", first_name: "Emmy", last_name: "Noether" });
    const field = await screen.findByLabelText("E-mail address");
    await expectAccessible();
    await user.type(field, "nobody@example.org{Enter}");
    expect(await screen.findByText(/Nobody here has the address/)).toBeVisible();
    await user.clear(field);
    await user.type(field, "emmy@example.org{Enter}");
    expect(await screen.findByText("Emmy Noether")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Remove Emmy Noether" }));
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: "Remove" }));
    await waitFor(() => expect(screen.queryByText("emmy@example.org")).toBeNull());
  });
});

describe("settings", () => {
  it("save now, and say when that was", async () => {
    const { user } = open("settings");
    await user.click(await screen.findByRole("button", { name: "Save now" }));
    expect(await screen.findByText("Saved, and a snapshot was made.")).toBeVisible();
    await expectAccessible();
  });

  it("let an administrator set the quota", async () => {
    const quota = {
      disk: 3000,
      memory: 1000,
      cores: 1,
      cpu_shares: 256,
      idle_timeout: 3600,
      network: false,
      member_host: false,
    };
    const { user, instance, id } = open("settings", { quota });
    const memory = await screen.findByLabelText("Memory");
    await user.clear(memory);
    await user.type(memory, "2000");
    await user.click(screen.getByRole("button", { name: "Set quota" }));
    await waitFor(() => expect(instance.projects.get(id)?.quota.memory).toBe(2000));
  });
});

it("says that a project is not this person's", async () => {
  const instance = new FakeInstance();
  visit(`/projects/${instance.id()}/files`, instance, instance.addAccount());
  expect(await screen.findByText("This project is not here")).toBeVisible();
});
