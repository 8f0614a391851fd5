import { texts } from "../texts/index.ts";

/** Shortest password that an instance takes. */
export const SHORTEST_PASSWORD = 8;

/** Whether this may be an address of e-mail; the instance has the last word. */
export const isAddress = (text: string): boolean => /^[^\s@]+@[^\s@]+$/.test(text.trim());

/** A sign-up form without entries. */
export const EMPTY = { first_name: "", last_name: "", email_address: "", password: "", token: "" };
export type Fields = typeof EMPTY;
type Errors = Partial<Record<keyof Fields, string>>;

/** What is still wrong with the form, by field. */
export function errorsIn(fields: Fields, tokenAsked: boolean): Errors {
  const errors: Errors = {};
  if (fields.first_name.trim() === "") errors.first_name = texts.account.nameNeeded;
  if (fields.last_name.trim() === "") errors.last_name = texts.account.nameNeeded;
  if (!isAddress(fields.email_address)) errors.email_address = texts.account.emailNeeded;
  if (fields.password.length < SHORTEST_PASSWORD) errors.password = texts.account.passwordShort;
  if (tokenAsked && fields.token.trim() === "") errors.token = texts.account.tokenNeeded;
  return errors;
}
