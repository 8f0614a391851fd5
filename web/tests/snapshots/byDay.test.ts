import { expect, it } from "vitest";

import { byDay } from "../../src/snapshots/byDay.ts";
import { dayOf } from "../../src/ui/time.ts";

it("groups snapshots by day, newest first in both", () => {
  const times = ["2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z", "2026-11-22T12:00:00Z"];
  const days = byDay(times.map((time) => ({ name: time, time })));
  expect(days.map(({ day, snapshots }) => [day, snapshots.map((each) => each.time)])).toEqual([
    [dayOf("2026-11-22T12:00:00Z"), ["2026-11-22T12:00:00Z"]],
    [dayOf("2026-11-20T12:00:00Z"), ["2026-11-20T12:00:00Z", "2026-11-20T11:00:00Z"]],
  ]);
});
