import { expect, it } from "vitest";

import { upload, type Reply, type Send } from "../../src/transfers/upload.ts";

const FILE = new Blob(["0123456789"]);
const reply = (status: number, headers: Record<string, string> = {}, text = ""): Reply => ({
  status,
  header: (name) => headers[name] ?? null,
  text,
});

/** Answers one request after the other, and keeps what was asked. */
function script(...answers: (Reply | undefined)[]) {
  const asked: string[] = [];
  const send: Send = (method, url, { body, onSent }) => {
    asked.push(`${method} ${url.replace(/upload=[0-9a-f-]{36}/, "upload=U")} ${body?.size ?? ""}`.trim());
    onSent?.(body?.size ?? 0);
    return Promise.resolve(answers.shift());
  };
  return { asked, send };
}

function run(send: Send, cancel = new AbortController()) {
  const told: (number | string)[] = [];
  const events = { sent: (bytes: number) => told.push(bytes), stalled: () => told.push("stalled") };
  const wait = () => Promise.resolve();
  return { told, cancel, outcome: upload(FILE, "/p/files/a", events, { signal: cancel.signal, send, wait }) };
}

it("sends a file in one request, and never over one that is there", async () => {
  const { asked, send } = script(reply(201));
  const { outcome, told } = run(send);
  expect(await outcome).toBeNull();
  expect(asked).toEqual(["PUT /p/files/a?upload=U&offset=0 10"]);
  expect(told).toEqual([10]);
});

it("goes on where it was when the connection breaks", async () => {
  const { asked, send } = script(undefined, reply(200, { "Upload-Offset": "4" }), reply(201));
  const { outcome, told } = run(send);
  expect(await outcome).toBeNull();
  expect(asked).toEqual([
    "PUT /p/files/a?upload=U&offset=0 10",
    "HEAD /p/files/a?upload=U",
    "PUT /p/files/a?upload=U&offset=4 6",
  ]);
  expect(told).toEqual([10, "stalled", 4, 10]);
});

it("believes the instance about how much is there", async () => {
  const { asked, send } = script(reply(409, { "Upload-Offset": "7" }), reply(200));
  expect(await run(send).outcome).toBeNull();
  expect(asked[1]).toBe("PUT /p/files/a?upload=U&offset=7 3");
});

it("says why it was refused, and does not try again", async () => {
  const body = '{"error": {"code": "disk_quota", "message": "Full."}}';
  const { asked, send } = script(reply(507, {}, body));
  expect(await run(send).outcome).toEqual({ code: "disk_quota", message: "Full.", status: 507 });
  expect(asked).toHaveLength(1);
});

it("gives up when answers do not help for long", async () => {
  const { send } = script(...Array.from({ length: 40 }, () => reply(503)));
  expect(await run(send).outcome).toMatchObject({ status: 503 });
});

it("tells the project to forget an upload that is cancelled", async () => {
  const cancel = new AbortController();
  const { asked, send } = script(reply(204));
  cancel.abort();
  expect(await run(send, cancel).outcome).toMatchObject({ code: "cancelled" });
  expect(asked).toEqual(["DELETE /p/files/a?upload=U"]);
});
