import { screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { FakeInstance } from "../fake/instance.ts";
import { expectAccessible, visit } from "../render.tsx";

const email = () => screen.findByLabelText("E-mail address");

describe("signing in", () => {
  it("leads to the place asked for, after saying calmly what was wrong", async () => {
    const instance = new FakeInstance();
    instance.addAccount();
    const { user, place } = visit("/account", instance);
    await user.type(await email(), "ada@example.org");
    expect(place.now).toBe("/sign-in?next=%2Faccount");
    await user.type(screen.getByLabelText("Password"), "not this");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("do not belong together");
    await user.clear(screen.getByLabelText("Password"));
    await user.type(screen.getByLabelText("Password"), "correct horse battery");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByRole("heading", { name: "Your account" })).toBeVisible();
    expect(place.now).toBe("/account");
    await expectAccessible();
  });

  it("names what is missing at the field, and asks nothing of the instance", async () => {
    const { user } = visit("/sign-in");
    await user.click(await screen.findByRole("button", { name: "Sign in" }));
    expect(await email()).toBeInvalid();
    expect(screen.getByLabelText("Password")).toBeInvalid();
    await expectAccessible();
  });

  it("says when to try again after too many attempts", async () => {
    const instance = new FakeInstance();
    instance.refusals.push({ event: "sign_in", status: 429, code: "too_many", message: "" });
    const { user } = visit("/sign-in", instance);
    await user.type(await email(), "ada@example.org");
    await user.type(screen.getByLabelText("Password"), "something");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("Wait a few minutes");
  });

  it("never leaves the instance for a forged place", async () => {
    const instance = new FakeInstance();
    instance.addAccount();
    const { user, place } = visit("/sign-in?next=//elsewhere.example/", instance);
    await user.type(await email(), "ada@example.org");
    await user.type(screen.getByLabelText("Password"), "correct horse battery{Enter}");
    expect(await screen.findByRole("heading", { name: "Projects" })).toBeVisible();
    expect(place.now).toBe("/projects");
  });
});

describe("signing up", () => {
  it("takes three decisions and ends at the projects", async () => {
    const { user, place } = visit("/sign-up");
    await user.type(await screen.findByLabelText("First name"), "Emmy");
    await user.type(screen.getByLabelText("Last name"), "Noether");
    await user.type(await email(), "emmy@example.org");
    await user.type(screen.getByLabelText("Password"), "a short theorem");
    expect(screen.queryByLabelText("Sign-up token")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Sign up" }));
    expect(await screen.findByText("Make your first project")).toBeVisible();
    expect(place.now).toBe("/projects");
  });

  it("asks for the token where the instance wants one", async () => {
    const instance = new FakeInstance();
    instance.site.sign_up = "token";
    const { user } = visit("/sign-up", instance);
    const token = await screen.findByLabelText("Sign-up token");
    await user.click(screen.getByRole("button", { name: "Sign up" }));
    expect(token).toBeInvalid();
    await expectAccessible();
  });

  it("says that accounts are made by administrators where sign-up is closed", async () => {
    const instance = new FakeInstance();
    instance.site.sign_up = "closed";
    visit("/sign-up", instance);
    expect(await screen.findByText(/made by this instance's administrators/)).toBeVisible();
    expect(screen.queryByRole("button", { name: "Sign up" })).toBeNull();
  });
});

it("signs out, and says so", async () => {
  const instance = new FakeInstance();
  const ada = instance.addAccount();
  const { user, place } = visit("/projects", instance, ada);
  await user.click(await screen.findByRole("button", { name: /^Account/ }));
  await user.click(await screen.findByRole("menuitem", { name: "Sign out" }));
  expect(await screen.findByText("You are signed out.")).toBeVisible();
  expect(place.now).toBe("/sign-in?left=1");
});
