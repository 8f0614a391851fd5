/**
 * Serves the built client with the fake instance behind it, to look at pages without a lab: `npm run build && npm run fake`,
 * then http://127.0.0.1:5199. Terminals echo what is typed.
 */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";

import { Server as Engine, type Socket } from "engine.io";
import { WebSocketServer } from "ws";

import { FakeInstance } from "./instance.ts";
import { populate } from "./populate.ts";

const PORT = 5199;
const DIST = join(import.meta.dirname, "../../dist");
const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const instance = new FakeInstance();
instance.pace = 1200;
populate(instance);

const sessionOf = (request: IncomingMessage) =>
  /session=([0-9a-f-]+)/.exec(request.headers.cookie ?? "")?.[1] ?? null;

async function answerApi(request: IncomingMessage, response: ServerResponse, event: string): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const fields = JSON.parse(Buffer.concat(parts).toString() || "{}") as Record<string, unknown>;
  const { status, body, session } = instance.call(event, fields, sessionOf(request));
  if (session !== undefined) response.setHeader("Set-Cookie", `session=${session ?? ""}; Path=/; HttpOnly`);
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

async function answerFile(response: ServerResponse, path: string): Promise<void> {
  const file =
    normalize(path).includes("..") || extname(path) === "" || path.startsWith("/projects")
      ? "/index.html"
      : path;
  try {
    const content = await readFile(join(DIST, file));
    response.writeHead(200, {
      "Content-Type": TYPES[extname(file)] ?? "text/plain",
      "Content-Security-Policy": POLICY,
    });
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}

const engine = new Engine();
engine.on("connection", (socket: Socket) => {
  const session = sessionOf(socket.request) ?? "";
  const say = (message: object) => socket.send(JSON.stringify(message));
  say({ event: "version", version: instance.site.version });
  socket.on("message", (data: string | Buffer) => {
    const { id, event } = JSON.parse(String(data)) as { id: number; event: string };
    if (event === "subscribe") say({ id, event, subscription: 1, rows: instance.rows(session) });
  });
  const stop = instance.watch((change) => say({ event: "changes", subscription: 1, changes: [change] }));
  socket.on("close", stop);
});

const terminals = new WebSocketServer({ noServer: true });
terminals.on("connection", (socket) => {
  const greeting = "\x1b[1;32muser@project\x1b[0m:\x1b[1;34m~\x1b[0m$ ";
  socket.send(
    JSON.stringify({ hello: { session: "1", rows: 24, columns: 80, history_bytes: greeting.length } }),
  );
  socket.send(Buffer.from(greeting));
  socket.on("message", (data: Buffer, binary) => {
    const text = data.toString();
    if (binary) socket.send(Buffer.from(text === "\r" ? `\r\n${greeting}` : text));
    else if (text.includes("resize")) {
      const { resize } = JSON.parse(text) as { resize: object };
      socket.send(JSON.stringify({ size: resize }));
    }
  });
});

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://fake");
  const event = /^\/api\/v1\/(\w+)$/.exec(pathname)?.[1];
  if (event !== undefined) void answerApi(request, response, event);
  else if (pathname.startsWith("/hub/")) engine.handleRequest(request, response);
  else void answerFile(response, pathname);
});
server.on("upgrade", (request, socket, head) => {
  if (request.url?.startsWith("/hub/") === true) engine.handleUpgrade(request, socket, head);
  else terminals.handleUpgrade(request, socket, head, (ws) => terminals.emit("connection", ws, request));
});
server.listen(PORT, "127.0.0.1", () =>
  console.log(`http://127.0.0.1:${PORT} (ada@example.org, correct horse battery)`),
);
