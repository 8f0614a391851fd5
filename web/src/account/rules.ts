/** Shortest password that an instance takes. */
export const SHORTEST_PASSWORD = 8;

/** Whether this may be an address of e-mail; the instance has the last word. */
export const isAddress = (text: string): boolean => /^[^\s@]+@[^\s@]+$/.test(text.trim());
