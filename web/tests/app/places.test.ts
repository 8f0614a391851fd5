import { expect, it } from "vitest";

import { isOutside, placeAfter, places, signInFor } from "../../src/app/places.ts";

it("escapes all of a path but its slashes", () => {
  expect(places.file("p", "a b/c?#%.txt")).toBe("/projects/p/edit/a%20b/c%3F%23%25.txt");
  expect(places.folder("p", "")).toBe("/projects/p/files");
  expect(places.snapshots("p", "a&b")).toBe("/projects/p/snapshots?path=a%26b");
});

it("comes back after signing in to the place asked for, but only within the instance", () => {
  const back = (wanted: string) => placeAfter(new URLSearchParams({ next: wanted }));
  expect(back("/projects/p/files?x=1")).toBe("/projects/p/files?x=1");
  for (const forged of [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "",
  ]) {
    expect(back(forged)).toBe("/projects");
  }
  expect(back("/sign-in?next=/a")).toBe("/projects");
  expect(signInFor("/projects", false)).toBe("/sign-in");
  expect(signInFor("/account", true)).toBe("/sign-in?next=%2Faccount&ended=1");
});

it("knows what a project itself serves", () => {
  expect(isOutside("/1106aac7-abdd-450f-bb5a-864410af3e69/port/8000/")).toBe(true);
  expect(isOutside("/projects/1106aac7-abdd-450f-bb5a-864410af3e69/files")).toBe(false);
});
