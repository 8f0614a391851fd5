import { render } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import axe from "axe-core";
import { MemoryRouter, useLocation } from "react-router";
import { expect, vi } from "vitest";

import type { Account } from "../src/api/contract.ts";
import { App } from "../src/app/App.tsx";
import { makeStore } from "../src/app/store.ts";
import { FakeInstance } from "./fake/instance.ts";
import { browser } from "./fake/socket.ts";

/** Opens the client at an address, with the fake instance behind it and `account` (if any) signed in. */
export function visit(address: string, instance = new FakeInstance(), account: Account | null = null) {
  browser.instance = instance;
  browser.session = account?.account_id ?? null;
  vi.stubGlobal("fetch", (url: string, request: { body: string }) => {
    const listing = /^\/([0-9a-f-]{36})\/terminal\/$/.exec(url)?.[1];
    if (listing !== undefined) {
      return Promise.resolve(Response.json({ sessions: instance.terminals.get(listing) ?? [] }));
    }
    const [, project, path] = /^\/([0-9a-f-]{36})\/files\/(.*)$/.exec(url) ?? [];
    if (project !== undefined && path !== undefined) {
      const content = instance.read(project, decodeURIComponent(path));
      const missing = { error: { code: "not_found", message: "" } };
      return Promise.resolve(
        content === undefined ? Response.json(missing, { status: 404 }) : new Response(content),
      );
    }
    const event = url.replace("/api/v1/", "");
    const { status, body, session } = instance.call(
      event,
      JSON.parse(request.body) as Record<string, unknown>,
      browser.session,
    );
    if (session !== undefined) browser.session = session;
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  const place = { now: address };
  const store = makeStore();
  const page = render(
    <MemoryRouter initialEntries={[address]}>
      <App store={store} />
      <Place onPlace={(now) => (place.now = now)} />
    </MemoryRouter>,
  );
  return { ...page, instance, store, place, user: userEvent.setup() };
}

function Place({ onPlace }: { onPlace: (place: string) => void }) {
  const { pathname, search } = useLocation();
  onPlace(pathname + search);
  return null;
}

/** Fails if axe finds anything in the page. Colours need a real browser, and are checked there. */
export async function expectAccessible(): Promise<void> {
  const { violations } = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(" ")}`),
  ).toEqual([]);
}
