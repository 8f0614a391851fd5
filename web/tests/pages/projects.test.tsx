import { act, screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { FakeInstance } from "../fake/instance.ts";
import { FakeSocket } from "../fake/socket.ts";
import { expectAccessible, visit } from "../render.tsx";

function withProjects() {
  const instance = new FakeInstance();
  const ada = instance.addAccount();
  instance.addProject(ada, { title: "Algebra" });
  instance.addProject(ada, {
    title: "Numerics",
    state: "opened",
    state_detail: "stopped by its idle time-out",
  });
  return { instance, ada };
}

describe("the list of projects", () => {
  it("tells a newcomer what to do next, and the first project starts and is gone into", async () => {
    const instance = new FakeInstance();
    const { user, place } = visit("/projects", instance, instance.addAccount());
    await screen.findByText("Make your first project");
    const [create] = screen.getAllByRole("button", { name: "New project" });
    if (create === undefined) throw new Error("no button");
    await user.click(create);
    await user.type(await screen.findByLabelText("Title"), "Ring theory");
    await user.click(screen.getByRole("button", { name: "Create project" }));
    expect(await screen.findByRole("heading", { name: "Ring theory" })).toBeVisible();
    expect(place.now).toMatch(/^\/projects\/[0-9a-f-]+\/files$/);
    expect(await screen.findByText("This folder is empty")).toBeVisible();
  });

  it("shows each with its state, and finds by title and state", async () => {
    const { instance, ada } = withProjects();
    const { user } = visit("/projects", instance, ada);
    const list = await screen.findByRole("list", { name: "Projects" });
    expect(within(list).getByText(/stopped by its idle time-out/)).toBeVisible();
    await expectAccessible();
    await user.type(screen.getByLabelText("Filter projects"), "stopped num");
    expect(await screen.findByText("1 project")).toBeVisible();
    expect(screen.queryByText("Algebra")).toBeNull();
    await user.type(screen.getByLabelText("Filter projects"), "x");
    await user.click(await screen.findByRole("button", { name: "Show all projects" }));
    expect(await screen.findByText("2 projects")).toBeVisible();
  });

  it("follows changes made elsewhere", async () => {
    const { instance, ada } = withProjects();
    visit("/projects", instance, ada);
    await screen.findByText("Algebra");
    act(() => {
      instance.addProject(ada, { title: "Made elsewhere" });
    });
    expect(await screen.findByText("Made elsewhere")).toBeVisible();
  });

  it("takes a refused start back, and says why", async () => {
    const { instance, ada } = withProjects();
    instance.refusals.push({ event: "start_project", status: 503, code: "host_full", message: "Full." });
    const { user } = visit("/projects", instance, ada);
    await user.click(await screen.findByRole("button", { name: "Start Numerics" }));
    expect(await screen.findByText("“Numerics” was not started")).toBeVisible();
    expect(screen.getByText(/All compute hosts are full/)).toBeVisible();
    expect(screen.getByRole("button", { name: "Start Numerics" })).toBeVisible();
  });

  it("starts and stops", async () => {
    const { instance, ada } = withProjects();
    const { user } = visit("/projects", instance, ada);
    await user.click(await screen.findByRole("button", { name: "Start Numerics" }));
    await user.click(await screen.findByRole("button", { name: "Stop Algebra" }));
    expect(await screen.findByRole("button", { name: "Stop Numerics" })).toBeVisible();
    expect(await screen.findByRole("button", { name: "Start Algebra" })).toBeVisible();
  });
});

describe("the connection", () => {
  it("is said to be lost, and mends at a word", async () => {
    const { instance, ada } = withProjects();
    const { user } = visit("/projects", instance, ada);
    await screen.findByText("Algebra");
    act(() => FakeSocket.all.at(-1)?.close());
    expect(await screen.findByText(/No connection since/)).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByLabelText("Connected")).toBeInTheDocument();
    expect(screen.queryByText(/No connection since/)).toBeNull();
  });

  it("brings word of a new version, and offers to load it", async () => {
    const { instance, ada } = withProjects();
    const { user } = visit("/projects", instance, ada);
    await screen.findByText("Algebra");
    instance.site.version = "0.2.0";
    act(() => FakeSocket.all.at(-1)?.close());
    await user.click(await screen.findByRole("button", { name: "Try again" }));
    expect(await screen.findByText(/A new version is here/)).toBeVisible();
    expect(screen.getByRole("button", { name: "Load again" })).toBeVisible();
  });
});

it("opens the commands by keyboard and goes where they lead", async () => {
  const { instance, ada } = withProjects();
  const { user, place } = visit("/account", instance, ada);
  await screen.findByRole("heading", { name: "Your account" });
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await screen.findByPlaceholderText("Search or run a command"), "alg{Enter}");
  expect(
    await screen.findByRole("grid", { name: "Files" }, { timeout: 3000 }).catch(() => place.now),
  ).toBeTruthy();
  expect(place.now).toMatch(/\/projects\/.*\/files/);
});
