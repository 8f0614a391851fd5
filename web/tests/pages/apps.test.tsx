import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { FakeInstance } from "../fake/instance.ts";
import { expectAccessible, visit } from "../render.tsx";

function project() {
  const instance = new FakeInstance();
  const ada = instance.addAccount();
  const { project_id: id } = instance.addProject(ada);
  return { instance, ada, id };
}

describe("apps", () => {
  it("are JupyterLab, and the ports that programs listen on, as links", async () => {
    const { instance, ada, id } = project();
    instance.ports.set(id, [{ port: 8000, address: "127.0.0.1", program: "python3" }]);
    visit(`/projects/${id}/apps`, instance, ada);
    const list = await screen.findByRole("list", { name: "Ports that programs listen on" });
    const link = within(list).getByRole("link", { name: "Open port 8000" });
    expect(link).toHaveAttribute("href", `/${id}/port/8000/`);
    expect(link).toHaveAttribute("rel", "noopener");
    expect(within(list).getByText("python3")).toBeVisible();
    const jupyter = screen.getByRole("link", { name: /^Open JupyterLab/ });
    expect(jupyter).toHaveAttribute("href", `/${id}/port/jupyter/lab`);
    await expectAccessible();
  });

  it("say what to do when nothing listens", async () => {
    const { instance, ada, id } = project();
    visit(`/projects/${id}/apps`, instance, ada);
    expect(await screen.findByText(/^No program listens on a port./)).toBeVisible();
  });
});

describe("terminals", () => {
  it("are listed whoever opened them, with what runs in them", async () => {
    const { instance, ada, id } = project();
    const created = "2026-11-22T10:15:00Z";
    instance.terminals.set(id, [
      { session: "4-x", created, rows: 24, columns: 80, viewers: 2, command: "vim" },
      { session: "5-x", created, rows: 24, columns: 80, viewers: 0, command: "bash" },
    ]);
    visit(`/projects/${id}/terminals`, instance, ada);
    const list = await screen.findByRole("list", { name: "Terminals" });
    const [first, second] = within(list).getAllByRole("link");
    expect(first).toHaveAttribute("href", `/projects/${id}/terminals/4-x`);
    expect(first).toHaveTextContent(/^Terminal 4.*vim, 2 windows show it/);
    expect(second).toHaveTextContent(/bash, nobody looks at it/);
    expect(screen.getByRole("button", { name: "End Terminal 5" })).toBeVisible();
    await expectAccessible();
  });
});
