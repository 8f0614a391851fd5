import { enLater } from "./en-later.ts";

/** What the places say that are not on the way to a project's files; a translation is one more file beside `en-later.ts`. */
export const laterTexts = enLater;
