import { Button, Text, Title } from "@mantine/core";
import { Link } from "react-router";

import type { Snapshot } from "../api/contract.ts";
import { texts } from "../texts/index.ts";
import { laterTexts } from "../texts/later.ts";
import { Ago } from "../ui/Ago.tsx";
import { dayName, exact, hourMinute } from "../ui/time.ts";
import { byDay } from "./byDay.ts";
import classes from "./TimeLine.module.css";

interface Props {
  snapshots: Snapshot[];
  what: string;
  /** Where a snapshot is looked into. */
  placeOf: (snapshot: Snapshot) => string;
  onRestore: (snapshot: Snapshot) => void;
}

/** Snapshots by day, the newest first. */
export function TimeLine({ snapshots, what, placeOf, onRestore }: Props) {
  return (
    <section aria-label={texts.snapshots.list} className={classes.line}>
      {byDay(snapshots).map(({ day, snapshots: those }) => (
        <div key={day} className={classes.day}>
          <Title order={3} size="h6" className={classes.head} id={`day-${day}`}>
            {dayName(day)} <span className={classes.quiet}>{texts.snapshots.count(those.length)}</span>
          </Title>
          <ol aria-labelledby={`day-${day}`}>
            {those.map((snapshot) => (
              <li key={snapshot.name}>
                <Text span fw={600} size="sm" className={classes.time}>
                  {hourMinute(snapshot.time)}
                </Text>
                <Text span size="sm" c="dimmed" className={classes.ago}>
                  <Ago time={snapshot.time} />
                </Text>
                <Button
                  component={Link}
                  to={placeOf(snapshot)}
                  size="compact-sm"
                  variant="light"
                  aria-label={laterTexts.look.openOf(what, exact(snapshot.time))}
                >
                  {laterTexts.look.open}
                </Button>
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={texts.snapshots.restoreOf(what, exact(snapshot.time))}
                  onClick={() => onRestore(snapshot)}
                >
                  {texts.snapshots.restore}
                </Button>
              </li>
            ))}
          </ol>
        </div>
      ))}
    </section>
  );
}
