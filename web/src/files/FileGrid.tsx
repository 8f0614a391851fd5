import { UnstyledButton, VisuallyHidden } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";

import type { Entry } from "../api/contract.ts";
import { texts } from "../texts/index.ts";
import { IconArrowDown, IconArrowUp } from "../ui/icons.ts";
import classes from "./FileGrid.module.css";
import { FileRow } from "./FileRow.tsx";
import type { Column, Order } from "./order.ts";
import { useSelection } from "./useSelection.ts";

const ROW = 36;

export interface RowActions {
  onOpen: (entry: Entry) => void;
  onRename: (name: string, to: string) => void;
  onDuplicate: (entry: Entry) => void;
  onErase: (names: string[], forGood: boolean) => void;
  onHistory: (entry: Entry) => void;
  onUnpack: (entry: Entry) => void;
  hrefOf: (entry: Entry) => string;
  /** Where its bytes are: a file's own, a folder's as a zip archive. */
  downloadOf: (entry: Entry) => string;
  jupyterOf: (entry: Entry) => string;
  pathOf: (entry: Entry) => string;
  taken: ReadonlySet<string>;
}

interface Props extends RowActions {
  entries: Entry[];
  order: Order;
  onOrder: (order: Order) => void;
  onUp: () => void;
}

/** The entries as a grid: only the rows in view are in the page, and all of it goes by keyboard. */
export function FileGrid({ entries, order, onOrder, onUp, ...actions }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [renaming, setRenaming] = useState<string | null>(null);
  const selection = useSelection(entries);
  const { index: active } = selection;
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer says itself when to render
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
    initialRect: { width: 800, height: 600 },
  });
  useEffect(() => {
    if (active >= 0) virtual.scrollToIndex(active, { align: "auto" });
  }, [active, virtual]);

  const focusGrid = () => scroller.current?.focus({ preventScroll: true });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== scroller.current) return;
    const entry = entries[active];
    const done = selection.onKey(event) || command(event, entry);
    if (done) event.preventDefault();
  };
  const command = (event: KeyboardEvent, entry: Entry | undefined): boolean => {
    if (event.key === "Backspace" || (event.altKey && event.key === "ArrowUp")) {
      onUp();
      return true;
    }
    if (entry === undefined) return false;
    if (event.key === "Enter") actions.onOpen(entry);
    else if (event.key === "F2") setRenaming(entry.name);
    else if (event.key === "Delete") actions.onErase(selection.chosenOr(entry), event.shiftKey);
    else return false;
    return true;
  };

  return (
    <div className={classes.grid}>
      <div
        ref={scroller}
        className={classes.scroller}
        role="grid"
        tabIndex={0}
        aria-label={texts.files.list}
        aria-describedby="files-keys"
        aria-rowcount={entries.length + 1}
        aria-multiselectable
        aria-activedescendant={entries[active] === undefined ? undefined : `row-${active}`}
        onKeyDown={onKeyDown}
        onFocus={(event) => {
          if (event.target === scroller.current) selection.begin();
        }}
      >
        <div role="row" aria-rowindex={1} className={classes.head}>
          <Head column="name" label={texts.files.name} order={order} onOrder={onOrder} />
          <Head column="size" label={texts.files.size} order={order} onOrder={onOrder} />
          <Head column="modified" label={texts.files.modified} order={order} onOrder={onOrder} />
          <span role="columnheader">
            <VisuallyHidden>{texts.files.actions}</VisuallyHidden>
          </span>
        </div>
        <div role="rowgroup" className={classes.body} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const entry = entries[index];
            return entry === undefined ? null : (
              <FileRow
                key={entry.name}
                entry={entry}
                index={index}
                top={start}
                active={index === active}
                chosen={selection.has(entry.name)}
                renaming={renaming === entry.name}
                onRenaming={(on) => {
                  setRenaming(on ? entry.name : null);
                  if (!on) focusGrid();
                }}
                onChoose={(event) => {
                  selection.onClick(index, event);
                  focusGrid();
                }}
                {...actions}
              />
            );
          })}
        </div>
      </div>
      <VisuallyHidden id="files-keys">{texts.files.keys}</VisuallyHidden>
      <p className={classes.foot} role="status">
        {selection.count > 1 ? texts.files.selected(selection.count) : texts.files.items(entries.length)}
      </p>
    </div>
  );
}

interface HeadProps {
  column: Column;
  label: string;
  order: Order;
  onOrder: (order: Order) => void;
}

function Head({ column, label, order, onOrder }: HeadProps) {
  const here = order.column === column;
  const Icon = order.descending ? IconArrowDown : IconArrowUp;
  return (
    <span
      role="columnheader"
      className={classes[column]}
      aria-sort={here ? (order.descending ? "descending" : "ascending") : "none"}
    >
      <UnstyledButton
        className={classes.sort}
        onClick={() => onOrder({ column, descending: here ? !order.descending : column !== "name" })}
      >
        {label} {here && <Icon size={13} aria-hidden />}
      </UnstyledButton>
    </span>
  );
}
