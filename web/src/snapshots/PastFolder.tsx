import { Text } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { Link } from "react-router";

import type { Entry, Listing } from "../api/contract.ts";
import { TypeIcon } from "../files/TypeIcon.tsx";
import { texts } from "../texts/index.ts";
import { laterTexts } from "../texts/later.ts";
import { readableSize } from "../ui/size.ts";
import { exact } from "../ui/time.ts";
import classes from "./PastFolder.module.css";

const ROW = 36;

/** What a folder held: links to look further. */
export function PastFolder({ listing, placeOf }: { listing: Listing; placeOf: (name: string) => string }) {
  const scroller = useRef<HTMLDivElement>(null);
  const { entries } = listing;
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer says itself when to render
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
    initialRect: { width: 800, height: 600 },
  });
  if (entries.length === 0) {
    return (
      <Text c="dimmed" ta="center" py="xl">
        {laterTexts.look.empty}
      </Text>
    );
  }
  return (
    <div ref={scroller} className={classes.scroller}>
      {listing.truncated && (
        <Text size="sm" c="dimmed" px="md" py="xs">
          {texts.files.truncated}
        </Text>
      )}
      <ul
        className={classes.list}
        style={{ height: virtual.getTotalSize() }}
        aria-label={laterTexts.look.list}
      >
        {virtual.getVirtualItems().map(({ index, start }) => {
          const entry = entries[index];
          return entry === undefined ? null : (
            <li key={entry.name} className={classes.row} style={{ transform: `translateY(${start}px)` }}>
              <Row entry={entry} place={placeOf(entry.name)} />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Row({ entry, place }: { entry: Entry; place: string }) {
  const { name, type, size, modified } = entry;
  const canBeOpened = type === "file" || type === "directory";
  return (
    <>
      <span className={classes.name}>
        <TypeIcon entry={entry} />
        {canBeOpened ? <Link to={place}>{name}</Link> : <span>{name}</span>}
      </span>
      <span className={classes.fact}>{type === "file" ? readableSize(size) : ""}</span>
      <time className={classes.fact} dateTime={modified}>
        {exact(modified)}
      </time>
    </>
  );
}
