import { texts } from "../texts/index.ts";

/** Why a call failed: a code for the program, a sentence for the person. */
export interface Fault {
  code: string;
  message: string;
  /** HTTP status; 0 if no answer came. */
  status: number;
  /** Seconds until it is worth trying again, if the server said so. */
  retryAfter?: number;
}

export function isFault(value: unknown): value is Fault {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}

/** The fault in whatever a call rejected with; something unforeseen becomes a fault that says so. */
export function faultOf(error: unknown): Fault {
  if (isFault(error)) return error;
  return { code: "unknown", message: texts.faults.unknown, status: 0 };
}

/** What to tell a person: what happened and what to do. */
export function describe(fault: Fault): string {
  if (fault.code === "too_many") return texts.faults.tooMany(fault.retryAfter);
  if (fault.code in texts.faults.byCode) {
    return texts.faults.byCode[fault.code as keyof typeof texts.faults.byCode];
  }
  return fault.message === "" ? texts.faults.unknown : fault.message;
}

/** Whether trying the same again later may help without the person changing anything. */
export function passes(fault: Fault): boolean {
  return (
    fault.code === "unreachable" || fault.code === "unavailable" || [502, 503, 504].includes(fault.status)
  );
}
