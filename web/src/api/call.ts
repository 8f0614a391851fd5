import { texts } from "../texts/index.ts";
import type { Fault } from "./fault.ts";

export type Outcome = { data: unknown; error?: undefined } | { data?: undefined; error: Fault };

const unreachable: Fault = { code: "unreachable", message: texts.faults.byCode.unreachable, status: 0 };

/** Calls one operation of the hub: `POST /api/v1/<event>`. Never rejects; a failure is a `Fault`. */
export function call(event: string, body: object = {}, signal?: AbortSignal): Promise<Outcome> {
  return ask(`/api/v1/${event}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
    signal: signal ?? null,
  });
}

/** Gets JSON from an address of this origin. Never rejects; a failure is a `Fault`. */
export function get(address: string, signal?: AbortSignal): Promise<Outcome> {
  return ask(address, { headers: { Accept: "application/json" }, signal: signal ?? null });
}

/** Gets a file of a project, of at most `most` bytes. Rejects with a `Fault`. */
export async function getBytes(
  address: string,
  most: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(address, { credentials: "same-origin", signal });
    if (response.ok && Number(response.headers.get("Content-Length")) <= most)
      return new Uint8Array(await response.arrayBuffer());
  } catch {
    throw unreachable as unknown as Error;
  }
  if (response.ok) throw { code: "too_large", message: "", status: 413 } satisfies Fault as unknown as Error;
  const answer: unknown = await response.json().catch(() => undefined);
  throw faultFrom(response.status, response.headers.get("Retry-After"), answer) as unknown as Error;
}

async function ask(address: string, request: RequestInit): Promise<Outcome> {
  let response: Response;
  try {
    response = await fetch(address, { credentials: "same-origin", ...request });
  } catch {
    return { error: unreachable };
  }
  let answer: unknown;
  try {
    answer = await response.json();
  } catch {
    answer = undefined;
  }
  if (response.ok && answer !== undefined) return { data: answer };
  return { error: faultFrom(response.status, response.headers.get("Retry-After"), answer) };
}

/** The fault in an answer that refuses: its status, its header `Retry-After`, and its body as far as it is one of ours. */
export function faultFrom(status: number, retryAfter: string | null, answer: unknown): Fault {
  const fault: Fault = { code: "unavailable", message: "", status };
  const seconds = Number(retryAfter ?? "");
  if (seconds > 0) fault.retryAfter = seconds;
  if (typeof answer !== "object" || answer === null || !("error" in answer)) return fault;
  const { error } = answer;
  if (typeof error !== "object" || error === null) return fault;
  if ("code" in error && typeof error.code === "string") fault.code = error.code;
  if ("message" in error && typeof error.message === "string") fault.message = error.message;
  return fault;
}
