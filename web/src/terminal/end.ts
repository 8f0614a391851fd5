import { addressOf, openWebSocket, type OpenWire } from "./link.ts";

const PATIENCE = 10_000;

/** Hangs a terminal up; resolves to whether it has ended. */
export function endTerminal(
  origin: string,
  project: string,
  session: string,
  open: OpenWire = openWebSocket,
): Promise<boolean> {
  return new Promise((resolve) => {
    const wire = open(addressOf(origin, project, session, { rows: 24, columns: 80 }));
    let ended = false;
    const timer = setTimeout(() => wire.close(), PATIENCE);
    wire.onopen = () => wire.send(JSON.stringify({ end: true }));
    wire.onmessage = ({ data }) => {
      ended ||= typeof data === "string" && data.startsWith('{"exit"');
    };
    wire.onclose = () => {
      clearTimeout(timer);
      resolve(ended);
    };
  });
}
