import { en } from "./en.ts";

/** Every text that a person reads. A translation is a file like `en.ts`, of the same type. */
export type Texts = typeof en;

export const texts: Texts = en;
