import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import type { Usage } from "../../src/api/contract.ts";
import { FakeInstance } from "../fake/instance.ts";
import { expectAccessible, visit } from "../render.tsx";

const USAGE: Usage = {
  time: "2026-11-22T10:15:00Z",
  started: "2026-11-22T09:15:00Z",
  active: "2026-11-22T10:14:00Z",
  memory: 950,
  memory_peak: 1000,
  memory_limit: 1000,
  disk: 300,
  disk_limit: 3000,
  cores: 0.25,
  cores_limit: 1,
  cpu_seconds: 61.5,
  tasks: 12,
  tasks_peak: 40,
  tasks_limit: 512,
};

function open(place = "settings") {
  const instance = new FakeInstance();
  const ada = instance.addAccount();
  const { project_id: id } = instance.addProject(ada);
  instance.usage.set(id, USAGE);
  return { ...visit(`/projects/${id}/${place}`, instance, ada), id };
}

describe("usage", () => {
  it("stands beside its limit, with what to do when one is reached", async () => {
    const { instance } = open();
    instance.advice = [
      { quota: "memory", message: "Memory is full. Restart a kernel that you need no more." },
    ];
    const meter = await screen.findByRole("progressbar", { name: "Memory in use" });
    expect(meter).toHaveAttribute("aria-valuenow", "95");
    expect(screen.getByText("950 MB of 1.0 GB")).toBeVisible();
    expect(screen.getByText("Memory is full. Restart a kernel that you need no more.")).toBeVisible();
    await expectAccessible();
  });

  it("can be more, if the administrators are asked", async () => {
    const { user, instance, id } = open();
    await user.click(await screen.findByRole("button", { name: "Ask for more" }));
    const send = await screen.findByRole("button", { name: "Send request" });
    await user.click(send);
    expect(await screen.findByText("Change at least one figure.")).toBeVisible();
    await user.type(screen.getByRole("textbox", { name: "Memory (MB)" }), "4000");
    await user.type(screen.getByRole("textbox", { name: "What you need it for" }), "a simulation");
    await user.click(send);
    await waitFor(() =>
      expect(instance.requests).toEqual([{ project_id: id, memory: 4000, reason: "a simulation" }]),
    );
  });
});

describe("SSH", () => {
  it("is one command, and a key that is pasted", async () => {
    const { user, id } = open();
    expect(await screen.findByText(`ssh -p 8022 ${id}@localhost`)).toBeVisible();
    const key = await screen.findByRole("textbox", { name: "Public key" });
    await user.type(key, "nonsense{Enter}");
    expect(await screen.findByText("This is no public key.")).toBeVisible();
    await user.clear(key);
    await user.type(key, "ssh-ed25519 AAAA ada@laptop{Enter}");
    const list = await screen.findByRole("list", { name: "Keys of this project" });
    expect(within(list).getByText("ada@laptop")).toBeVisible();
    await user.click(within(list).getByRole("button", { name: "Remove the key ada@laptop" }));
    await user.click(await screen.findByRole("button", { name: "Remove" }));
    expect(await screen.findByText("No key yet.")).toBeVisible();
  });
});

describe("the trash", () => {
  it("gives back what was deleted", async () => {
    const { user, instance, id } = open("trash");
    instance.write(id, "notes.txt", "some notes");
    expect(await screen.findByText("The trash is empty")).toBeVisible();
    await user.click(screen.getByRole("link", { name: "Files" }));
    await user.click(await screen.findByRole("row", { name: "notes.txt" }));
    await user.keyboard("{Delete}");
    await user.click(await screen.findByRole("button", { name: "Actions" }));
    await user.click(await screen.findByRole("menuitem", { name: "Trash" }));
    await user.click(await screen.findByRole("button", { name: "Put back notes.txt" }));
    expect(await screen.findByText("notes.txt is back.")).toBeVisible();
    expect(instance.read(id, "notes.txt")).toBe("some notes");
  });
});
