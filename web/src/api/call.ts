import { texts } from "../texts/index.ts";
import type { Fault } from "./fault.ts";

export type Outcome = { data: unknown; error?: undefined } | { data?: undefined; error: Fault };

/** Calls one operation of the hub: `POST /api/v1/<event>`. Never rejects; a failure is a `Fault`. */
export async function call(event: string, body: object = {}, signal?: AbortSignal): Promise<Outcome> {
  let response: Response;
  try {
    response = await fetch(`/api/v1/${event}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      credentials: "same-origin",
      body: JSON.stringify(body),
      signal: signal ?? null,
    });
  } catch {
    return { error: { code: "unreachable", message: texts.faults.byCode.unreachable, status: 0 } };
  }
  let answer: unknown;
  try {
    answer = await response.json();
  } catch {
    answer = undefined;
  }
  if (response.ok && answer !== undefined) return { data: answer };
  return { error: faultFrom(response, answer) };
}

function faultFrom(response: Response, answer: unknown): Fault {
  const fault: Fault = { code: "unavailable", message: "", status: response.status };
  const seconds = Number(response.headers.get("Retry-After") ?? "");
  if (seconds > 0) fault.retryAfter = seconds;
  if (typeof answer !== "object" || answer === null || !("error" in answer)) return fault;
  const { error } = answer;
  if (typeof error !== "object" || error === null) return fault;
  if ("code" in error && typeof error.code === "string") fault.code = error.code;
  if ("message" in error && typeof error.message === "string") fault.message = error.message;
  return fault;
}
