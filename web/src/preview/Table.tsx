import { Text } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import Papa from "papaparse";
import { useMemo, useRef, type CSSProperties } from "react";

import { baseName } from "../files/path.ts";
import { laterTexts } from "../texts/later.ts";
import { Scroller } from "../ui/Scroller.tsx";
import classes from "./Table.module.css";

const ROW = 30;
const MOST_ROWS = 200_000;
const MOST_COLUMNS = 200;

/** The rows of a CSV or TSV file; the first one names the columns. */
export function Table({ path, text }: { path: string; text: string }) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useMemo(
    () => Papa.parse<string[]>(text, { skipEmptyLines: true, preview: MOST_ROWS + 1 }).data,
    [text],
  );
  const [head = [], ...body] = rows;
  const widest = useMemo(() => rows.reduce((most, row) => Math.max(most, row.length), 0), [rows]);
  const columns = Math.min(widest, MOST_COLUMNS);
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer says itself when to render
  const virtual = useVirtualizer({
    count: body.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
    initialRect: { width: 800, height: 600 },
  });
  const cells = Array.from({ length: columns }, (_, index) => index);
  const numbers = useMemo(() => numericColumns(body.slice(0, 50), columns), [body, columns]);
  const cut = widest > MOST_COLUMNS || body.length >= MOST_ROWS;
  return (
    <div className={classes.table}>
      <Scroller
        ref={scroller}
        className={classes.scroller}
        label={laterTexts.preview.previewOf(baseName(path))}
      >
        <div
          role="table"
          aria-label={laterTexts.preview.tableOf(baseName(path))}
          aria-rowcount={body.length + 1}
          aria-colcount={widest}
          className={classes.rows}
          style={{ "--columns": columns } as CSSProperties}
        >
          <div role="row" aria-rowindex={1} className={classes.head}>
            {cells.map((column) => (
              <span key={column} role="columnheader" data-number={numbers.has(column) || undefined}>
                {head[column] ?? ""}
              </span>
            ))}
          </div>
          <div role="rowgroup" className={classes.body} style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map(({ index, start }) => (
              <div
                key={index}
                role="row"
                aria-rowindex={index + 2}
                className={classes.row}
                style={{ transform: `translateY(${start}px)` }}
              >
                {cells.map((column) => (
                  <span key={column} role="cell" data-number={numbers.has(column) || undefined}>
                    {body[index]?.[column] ?? ""}
                  </span>
                ))}
              </div>
            ))}
          </div>
        </div>
      </Scroller>
      <Text size="xs" c="dimmed" className={classes.foot}>
        {laterTexts.preview.size(body.length, widest)}{" "}
        {cut && laterTexts.preview.cut(MOST_ROWS, MOST_COLUMNS)}
      </Text>
    </div>
  );
}

/** The columns in which the first rows hold numbers alone: those are set to the right. */
function numericColumns(rows: string[][], columns: number): Set<number> {
  const found = new Set<number>();
  for (let column = 0; column < columns; column += 1) {
    const values = rows.map((row) => (row[column] ?? "").trim()).filter((value) => value !== "");
    if (values.length > 0 && values.every((value) => Number.isFinite(Number(value)))) found.add(column);
  }
  return found;
}
