import dayjs from "dayjs";
import relativeTime from "dayjs/plugin/relativeTime";

import { texts } from "../texts/index.ts";

dayjs.extend(relativeTime);

type Time = string | number;

/** "3 minutes ago" */
export const ago = (time: Time): string => dayjs(time).fromNow();

/** "22 November 2026 10:15:03", in the reader's own time zone. */
export const exact = (time: Time): string => dayjs(time).format("D MMMM YYYY HH:mm:ss");

/** "10:15" today, otherwise with the day. */
export const clock = (time: Time): string =>
  dayjs(time).isSame(dayjs(), "day") ? dayjs(time).format("HH:mm") : dayjs(time).format("D MMM, HH:mm");

/** The day, as a key for grouping: "2026-11-22" in the reader's own time zone. */
export const dayOf = (time: Time): string => dayjs(time).format("YYYY-MM-DD");

/** "Today", "Yesterday" or "Sunday, 22 November 2026". */
export function dayName(day: string): string {
  const today = dayjs().startOf("day");
  const days = today.diff(dayjs(day), "day");
  if (days === 0) return texts.snapshots.today;
  if (days === 1) return texts.snapshots.yesterday;
  return dayjs(day).format("dddd, D MMMM YYYY");
}

export const hourMinute = (time: Time): string => dayjs(time).format("HH:mm:ss");
