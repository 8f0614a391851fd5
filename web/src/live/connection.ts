import { Socket, type SocketOptions } from "engine.io-client";

import type { Change } from "../api/contract.ts";
import { Watches, type WatchMessage } from "./watches.ts";

/** What the connection tells its owner. */
export interface LiveEvents {
  connected(): void;
  lost(): void;
  /** The hub's version: at the start of each connection and when it changes. */
  version(version: string): void;
  signedOut(): void;
  rows(table: string, rows: unknown[]): void;
  changes(table: string, changes: Change<unknown>[]): void;
}

/** The part of an Engine.IO socket that is used here. */
export interface Transport {
  on(event: "open" | "close", listener: () => void): unknown;
  on(event: "message", listener: (data: unknown) => void): unknown;
  send(data: string): unknown;
  close(): unknown;
}

export type OpenTransport = () => Transport;

const options: Partial<SocketOptions> = {
  path: "/hub/",
  transports: ["websocket", "polling"],
  tryAllTransports: true,
  withCredentials: true,
};

export const openEngine: OpenTransport = () => new Socket(options);

const FIRST_DELAY = 500;
const LONGEST_DELAY = 15_000;

interface Message extends WatchMessage {
  subscription?: number | string;
  rows?: unknown[];
  changes?: Change<unknown>[];
  version?: string;
}

/** Delay before the n-th attempt to reconnect (n from 0), in milliseconds: doubling, with chance so that a thousand browsers spread. */
export function delayBefore(attempt: number, chance = Math.random()): number {
  return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt) * (0.5 + chance / 2);
}

/**
 * The one live connection to a hub. Reconnects by itself, and subscribes anew to each table, whose rows then replace those
 * known before: nothing that changed meanwhile is missed.
 */
export class LiveConnection {
  /** Folders and files whose changes are told, too. */
  readonly watches = new Watches(() => this.#nextId());
  readonly #events: LiveEvents;
  readonly #open: OpenTransport;
  readonly #tables: readonly string[];
  readonly #asked = new Map<number, string>();
  readonly #subscriptions = new Map<number | string, string>();
  #transport: Transport | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #lastId = 0;
  #wanted = false;

  constructor(events: LiveEvents, tables: readonly string[], open: OpenTransport = openEngine) {
    this.#events = events;
    this.#tables = tables;
    this.#open = open;
  }

  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#connect();
  }

  stop(): void {
    this.#wanted = false;
    clearTimeout(this.#timer);
    const transport = this.#transport;
    this.#transport = undefined;
    transport?.close();
  }

  /** Tries at once instead of after the delay: the browser says that the network is back, or the person asks. */
  hurry(): void {
    if (!this.#wanted || this.#transport !== undefined) return;
    clearTimeout(this.#timer);
    this.#attempt = 0;
    this.#connect();
  }

  /** The browser says that the network is gone: waiting for the connection to notice would take half a minute. */
  suspend(): void {
    this.#transport?.close();
  }

  #connect(): void {
    const transport = this.#open();
    this.#transport = transport;
    this.#asked.clear();
    this.#subscriptions.clear();
    transport.on("open", () => {
      if (this.#transport !== transport) return;
      this.#attempt = 0;
      this.#events.connected();
      for (const table of this.#tables) this.#subscribe(transport, table);
      this.watches.connected((message) => transport.send(JSON.stringify(message)));
    });
    transport.on("message", (data) => {
      if (this.#transport === transport && typeof data === "string") this.#receive(data);
    });
    transport.on("close", () => {
      if (this.#transport === transport) this.#lose();
    });
  }

  #lose(): void {
    this.#transport = undefined;
    this.watches.lost();
    this.#events.lost();
    if (!this.#wanted) return;
    this.#timer = setTimeout(() => this.#connect(), delayBefore(this.#attempt));
    this.#attempt += 1;
  }

  #subscribe(transport: Transport, table: string): void {
    const id = this.#nextId();
    this.#asked.set(id, table);
    transport.send(JSON.stringify({ id, event: "subscribe", table }));
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #receive(data: string): void {
    const message = JSON.parse(data) as Message;
    if (this.watches.receive(message)) return;
    if (message.event === "subscribe") this.#subscribed(message);
    else if (message.event === "changes") this.#changed(message);
    else if (message.event === "version") this.#events.version(message.version ?? "");
    else if (message.event === "signed_out") this.#events.signedOut();
    else if (message.event === "error" && message.id !== undefined && this.#asked.has(message.id)) {
      // A subscription was refused for now (the hub lost its database, say): begin again after the delay.
      this.#transport?.close();
    }
  }

  #subscribed({ id, subscription, rows }: Message): void {
    const table = id === undefined ? undefined : this.#asked.get(id);
    if (id === undefined || table === undefined || subscription === undefined) return;
    this.#asked.delete(id);
    this.#subscriptions.set(subscription, table);
    this.#events.rows(table, rows ?? []);
  }

  #changed({ subscription, changes }: Message): void {
    const table = subscription === undefined ? undefined : this.#subscriptions.get(subscription);
    if (table !== undefined) this.#events.changes(table, changes ?? []);
  }
}
