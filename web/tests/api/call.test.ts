import { describe, expect, it, vi } from "vitest";

import { call } from "../../src/api/call.ts";
import { describe as describeFault, faultOf, passes } from "../../src/api/fault.ts";

const answering = (response: Response) => vi.stubGlobal("fetch", vi.fn().mockResolvedValue(response));

describe("a call", () => {
  it("posts the message and gives the answer", async () => {
    answering(new Response('{"account_id":"a"}'));
    expect(await call("get_account")).toEqual({ data: { account_id: "a" } });
    expect(fetch).toHaveBeenCalledWith(
      "/api/v1/get_account",
      expect.objectContaining({ method: "POST", body: "{}" }),
    );
  });

  it("gives the instance's refusal with its code", async () => {
    answering(new Response('{"error":{"code":"not_found","message":"There is none."}}', { status: 404 }));
    expect((await call("x")).error).toEqual({ code: "not_found", message: "There is none.", status: 404 });
  });

  it("says how long to wait", async () => {
    answering(
      new Response('{"error":{"code":"too_many","message":""}}', {
        status: 429,
        headers: { "Retry-After": "40" },
      }),
    );
    const { error } = await call("x");
    expect(error?.retryAfter).toBe(40);
    expect(describeFault(faultOf(error))).toContain("40 seconds");
  });

  it("survives an answer that is no JSON, as of a proxy whose hubs are all gone", async () => {
    answering(new Response("<html>503</html>", { status: 503 }));
    const { error } = await call("x");
    expect(error).toMatchObject({ code: "unavailable", status: 503 });
    expect(passes(faultOf(error))).toBe(true);
  });

  it("says that the instance cannot be reached", async () => {
    vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("Failed to fetch")));
    const { error } = await call("x");
    expect(error?.code).toBe("unreachable");
    expect(describeFault(faultOf(error))).toContain("network connection");
  });
});
