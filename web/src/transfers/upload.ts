import { faultFrom } from "../api/call.ts";
import { passes, type Fault } from "../api/fault.ts";
import { laterTexts } from "../texts/later.ts";

/** What an upload tells its owner. */
export interface UploadEvents {
  /** So many bytes of it have left; some may be sent again. */
  sent(bytes: number): void;
  /** The connection is gone: it goes on by itself when it is back. */
  stalled(): void;
}

/** What came back, or undefined if nothing did. */
export interface Reply {
  status: number;
  header(name: string): string | null;
  text: string;
}

/** Sends one request. Resolves to undefined if the connection broke. Only XMLHttpRequest tells how much has left. */
export type Send = (
  method: "PUT" | "HEAD" | "DELETE",
  url: string,
  options: {
    body?: Blob;
    headers?: Record<string, string>;
    onSent?: (bytes: number) => void;
    signal: AbortSignal;
  },
) => Promise<Reply | undefined>;

export const sendByBrowser: Send = (method, url, { body, headers = {}, onSent, signal }) =>
  new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onSent?.(event.loaded);
    request.onload = () =>
      resolve({
        status: request.status,
        header: (name) => request.getResponseHeader(name),
        text: request.responseText,
      });
    request.onerror = () => resolve(undefined);
    request.onabort = () => resolve(undefined);
    signal.addEventListener("abort", () => request.abort());
    request.send(body ?? null);
  });

const FIRST_DELAY = 1000;
const LONGEST_DELAY = 15_000;
/** After so many answers in a row that do not help, it is given up; a connection that is gone is waited for. */
const PATIENCE = 8;

/**
 * Puts a file into a project: to `url`, where nothing may be yet. Goes on where it was when the connection breaks.
 * Resolves to the fault that ended it, or to null when all of it is there; rejects never.
 */
export async function upload(
  file: Blob,
  url: string,
  events: UploadEvents,
  { signal, send = sendByBrowser, wait = later }: { signal: AbortSignal; send?: Send; wait?: typeof later },
): Promise<Fault | null> {
  const at = `${url}?upload=${crypto.randomUUID()}`;
  const cancelled = () => signal.aborted;
  let offset = 0;
  let failures = 0;
  while (!cancelled()) {
    const from = offset;
    const reply = await send("PUT", `${at}&offset=${from}`, {
      body: file.slice(from),
      headers: { "If-None-Match": "*", "Content-Type": "application/octet-stream" },
      onSent: (bytes) => events.sent(Math.min(file.size, from + bytes)),
      signal,
    });
    if (cancelled()) break;
    if (reply?.status === 200 || reply?.status === 201) return null;
    const known = Number(reply?.status === 409 ? (reply.header("Upload-Offset") ?? Number.NaN) : Number.NaN);
    if (!Number.isNaN(known)) {
      offset = known;
      failures += 1;
    } else if (reply === undefined || passes(faultOf(reply))) {
      if (reply !== undefined) failures += 1;
      events.stalled();
      await wait(Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures), signal);
      offset = (await arrived(send, at, signal)) ?? offset;
      events.sent(offset);
    } else return faultOf(reply);
    if (failures > PATIENCE && reply !== undefined) return faultOf(reply);
  }
  await send("DELETE", at, { signal: new AbortController().signal });
  return { code: "cancelled", message: laterTexts.transfers.cancelled, status: 0 };
}

async function arrived(send: Send, at: string, signal: AbortSignal): Promise<number | undefined> {
  const reply = await send("HEAD", at, { signal });
  const offset = reply?.status === 200 ? reply.header("Upload-Offset") : null;
  return offset === null ? undefined : Number(offset);
}

function faultOf(reply: Reply): Fault {
  let answer: unknown;
  try {
    answer = JSON.parse(reply.text);
  } catch {
    answer = undefined;
  }
  return faultFrom(reply.status, reply.header("Retry-After"), answer);
}

function later(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    const now = () => {
      clearTimeout(timer);
      resolve();
    };
    addEventListener("online", now, { once: true });
    signal.addEventListener("abort", now, { once: true });
  });
}
