import { MantineProvider } from "@mantine/core";
import { render, screen, waitFor } from "@testing-library/react";
import { MemoryRouter } from "react-router";
import { expect, it, vi } from "vitest";

import { Markdown } from "../../src/preview/Markdown.tsx";
import { SourceContext } from "../../src/preview/source.ts";
import { Table } from "../../src/preview/Table.tsx";

function show(content: React.ReactNode) {
  const load = vi.fn(() => Promise.resolve(new Uint8Array([1])));
  const source = { load, placeOf: (path: string) => `/at/${path}` };
  URL.createObjectURL = () => "blob:picture";
  URL.revokeObjectURL = () => undefined;
  const { container } = render(
    <MantineProvider>
      <MemoryRouter>
        <SourceContext value={source}>{content}</SourceContext>
      </MemoryRouter>
    </MantineProvider>,
  );
  return { container, load };
}

it("renders Markdown with tables and formulas", () => {
  const { container } = show(<Markdown path="a.md" text={"# Title\n\n| a |\n|---|\n| 1 |\n\n$x^2$"} />);
  expect(screen.getByRole("heading", { name: "Title" })).toBeVisible();
  expect(screen.getByRole("table")).toBeVisible();
  expect(container.querySelector(".katex")).not.toBeNull();
});

it("lets nothing of a stranger's text run or load from elsewhere", () => {
  const text = [
    "<script>alert(1)</script> <img src=x onerror=alert(1)> <iframe src='https://evil.example'></iframe>",
    "[a](javascript:alert(1)) [b](data:text/html,x) ![c](https://evil.example/c.png) ![d](javascript:x)",
    "$\\href{javascript:alert(1)}{x}$ $\\htmlStyle{position:fixed}{y}$ $\\includegraphics{https://evil.example/i.png}$",
  ].join("\n\n");
  const { container, load } = show(<Markdown path="a.md" text={text} />);
  expect(container.querySelectorAll("script, iframe, img, [onerror]")).toHaveLength(0);
  expect(
    [...container.querySelectorAll("a")].filter((each) => /^(javascript|data):/.test(each.href)),
  ).toEqual([]);
  expect(container.textContent).toContain("[picture not shown: c]");
  expect(load).not.toHaveBeenCalled();
});

it("finds pictures and files of the project, beside the text", async () => {
  const { load } = show(
    <Markdown path="docs/a.md" text={"![plot](../plot.png) [more](b.md) [web](https://example.org)"} />,
  );
  await waitFor(() => expect(screen.getByAltText("plot")).toHaveAttribute("src", "blob:picture"));
  expect(load).toHaveBeenCalledWith("plot.png", expect.anything());
  expect(screen.getByRole("link", { name: "more" })).toHaveAttribute("href", "/at/docs/b.md");
  expect(screen.getByRole("link", { name: "web" })).toHaveAttribute("rel", "noopener noreferrer");
});

it("shows a long table by the rows in view", () => {
  const rows = Array.from({ length: 50_000 }, (_, n) => `${n},"a, ""b"""`).join("\n");
  show(<Table path="t.csv" text={`number,text\n${rows}`} />);
  expect(screen.getByRole("columnheader", { name: "number" })).toBeVisible();
  expect(screen.getAllByRole("cell", { name: 'a, "b"' })[0]).toBeVisible();
  expect(screen.getAllByRole("row").length).toBeLessThan(100);
  expect(screen.getByText("50,000 rows, 2 columns.")).toBeVisible();
});
