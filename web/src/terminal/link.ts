import { delayBefore } from "../live/connection.ts";

/** A terminal's measures. */
export interface Size {
  rows: number;
  columns: number;
}

export interface LinkEvents {
  /** A connection is there; `history` bytes of scrollback follow, and replace what was on the screen. */
  hello(history: number): void;
  output(bytes: Uint8Array): void;
  /** The size that all viewers share. */
  size(size: Size): void;
  exit(code: number | null): void;
  lost(): void;
}

/** The part of a WebSocket that is used here. */
export interface Wire {
  binaryType: string;
  readonly readyState: number;
  onopen: (() => void) | null;
  onclose: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
}

export type OpenWire = (address: string) => Wire;

export const openWebSocket: OpenWire = (address) => new WebSocket(address) as unknown as Wire;

const OPEN = 1;
/** Processed bytes after which the server is told; it stops reading at 256 KiB that it was not told of. */
const ACKNOWLEDGE_EVERY = 32 * 1024;
const PING_EVERY = 20_000;
const SILENCE = 45_000;
/** What is typed in this time after a break is sent when the connection is back (milliseconds, characters). */
const KEEP_TYPED_FOR = 10_000;
const KEEP_TYPED = 4096;

interface Message {
  hello?: { session: string; rows: number; columns: number; history_bytes: number };
  size?: Size;
  exit?: { code: number | null };
  pong?: number;
}

export function addressOf(origin: string, project: string, session: string, size: Size): string {
  const base = origin.replace(/^http/, "ws");
  return `${base}/${project}/terminal/${encodeURIComponent(session)}?rows=${size.rows}&columns=${size.columns}`;
}

/** The connection to one terminal session. Reconnects by itself until it is closed or the shell has ended. */
export class TerminalLink {
  readonly #events: LinkEvents;
  readonly #address: (size: Size) => string;
  readonly #open: OpenWire;
  readonly #encoder = new TextEncoder();
  #size: Size;
  #wire: Wire | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pinger: ReturnType<typeof setInterval> | undefined;
  #attempt = 0;
  #wanted = false;
  #processed = 0;
  #acknowledged = 0;
  #heard = 0;
  #lostAt = 0;
  #typed = "";
  #greetedBy: unknown = undefined;

  constructor(
    events: LinkEvents,
    address: (size: Size) => string,
    size: Size,
    open: OpenWire = openWebSocket,
  ) {
    this.#events = events;
    this.#address = address;
    this.#size = size;
    this.#open = open;
  }

  /** Begins, or begins anew after the shell has ended. */
  start(): void {
    this.#wanted = true;
    this.#attempt = 0;
    clearTimeout(this.#timer);
    if (this.#wire === undefined) this.#connect();
  }

  close(): void {
    this.#wanted = false;
    this.#drop();
  }

  /** Tries at once: the network is back, or the person looks at the terminal again. */
  hurry(): void {
    if (this.#wanted && this.#wire === undefined) this.start();
  }

  type(text: string): void {
    // Before the greeting, what was typed earlier still waits: nothing may overtake it.
    if (this.#greetedBy === this.#wire && this.#wire?.readyState === OPEN)
      this.#wire.send(this.#encoder.encode(text));
    else if (this.#keepsTyped && this.#typed.length + text.length <= KEEP_TYPED) this.#typed += text;
  }

  /** Whether what is typed now is sent later: before the first connection, and shortly after a break. */
  get #keepsTyped(): boolean {
    return this.#wanted && (this.#lostAt === 0 || Date.now() - this.#lostAt < KEEP_TYPED_FOR);
  }

  /** Bytes as they are, such as the reports of a mouse. */
  typeBinary(text: string): void {
    if (this.#wire?.readyState === OPEN)
      this.#wire.send(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  }

  resize(size: Size): void {
    this.#size = size;
    this.#say({ resize: size });
  }

  /** Says that the screen has shown `count` more bytes. */
  processed(wire: unknown, count: number): void {
    if (wire !== this.#wire) return;
    this.#processed += count;
    if (this.#processed - this.#acknowledged < ACKNOWLEDGE_EVERY) return;
    this.#acknowledged = this.#processed;
    this.#say({ acknowledge: this.#processed });
  }

  /** The present connection: what came over an earlier one is not acknowledged over this one. */
  get wire(): unknown {
    return this.#wire;
  }

  #say(message: object): void {
    if (this.#wire?.readyState === OPEN) this.#wire.send(JSON.stringify(message));
  }

  #connect(): void {
    const wire = this.#open(this.#address(this.#size));
    wire.binaryType = "arraybuffer";
    this.#wire = wire;
    this.#processed = 0;
    this.#acknowledged = 0;
    this.#heard = Date.now();
    wire.onmessage = ({ data }) => {
      if (this.#wire === wire) this.#receive(data);
    };
    wire.onclose = () => {
      if (this.#wire === wire) this.#lose();
    };
    this.#pinger = setInterval(() => this.#ping(), PING_EVERY);
  }

  #ping(): void {
    // A network that vanished without a word shows only by silence.
    if (Date.now() - this.#heard > SILENCE) {
      this.#drop();
      this.#again();
    } else this.#say({ ping: Date.now() });
  }

  #drop(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#pinger);
    const wire = this.#wire;
    this.#wire = undefined;
    wire?.close();
  }

  #lose(): void {
    clearInterval(this.#pinger);
    this.#wire = undefined;
    this.#again();
  }

  #again(): void {
    if (!this.#wanted) return;
    if (this.#lostAt === 0) this.#lostAt = Date.now();
    this.#events.lost();
    this.#timer = setTimeout(() => this.#connect(), delayBefore(this.#attempt));
    this.#attempt += 1;
  }

  #receive(data: unknown): void {
    this.#heard = Date.now();
    if (typeof data !== "string") {
      this.#events.output(new Uint8Array(data as ArrayBuffer));
      return;
    }
    const message = JSON.parse(data) as Message;
    if (message.hello) this.#greeted(message.hello);
    else if (message.size) this.#events.size(message.size);
    else if (message.exit) {
      this.#wanted = false;
      this.#events.exit(message.exit.code);
    }
  }

  #greeted(hello: NonNullable<Message["hello"]>): void {
    this.#attempt = 0;
    this.#lostAt = 0;
    this.#events.hello(hello.history_bytes);
    this.#events.size({ rows: hello.rows, columns: hello.columns });
    // The window may have changed between the handshake and now.
    this.#say({ resize: this.#size });
    this.#greetedBy = this.#wire;
    const typed = this.#typed;
    this.#typed = "";
    if (typed !== "") this.type(typed);
  }
}
