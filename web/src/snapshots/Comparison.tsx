import { Skeleton, Text, useComputedColorScheme } from "@mantine/core";
import { lazy, useMemo } from "react";

import { Picture } from "../preview/Picture.tsx";
import { filesNow, SourceContext, textOf, useBytes } from "../preview/source.ts";
import { useProject } from "../project/context.ts";
import { texts } from "../texts/index.ts";
import { laterTexts } from "../texts/later.ts";
import { Problem } from "../ui/Problem.tsx";
import { isRunning } from "../ui/StateBadge.tsx";
import classes from "./SnapshotPage.module.css";

const Differences = lazy(() => import("../editor/Differences.tsx"));

interface Props {
  path: string;
  then: Uint8Array<ArrayBuffer>;
}

/** A file as it was, beside the one that is there now. */
export function Comparison({ path, then }: Props) {
  const { project_id: id, state } = useProject();
  const source = useMemo(() => filesNow(id), [id]);
  if (!isRunning(state)) return <Words words={laterTexts.look.notNow} />;
  return (
    <SourceContext value={source}>
      <WithNow path={path} then={then} />
    </SourceContext>
  );
}

function WithNow({ path, then }: Props) {
  const dark = useComputedColorScheme("light") === "dark";
  const loaded = useBytes(path);
  if (loaded === null)
    return <Skeleton m="md" height={160} role="status" aria-label={texts.common.loading} />;
  if (loaded.fault !== undefined) {
    const gone = loaded.fault.code === "not_found";
    return gone ? <Words words={laterTexts.look.goneNow} /> : <Failed fault={loaded.fault} />;
  }
  const now = loaded.bytes;
  const [textThen, textNow] = [textOf(then), textOf(now)];
  if (then.length === now.length && then.every((byte, place) => byte === now[place]))
    return <Words words={laterTexts.look.same} />;
  if (textThen === null || textNow === null) return <Pictures path={path} then={then} now={now} />;
  const labels = { then: laterTexts.look.then, now: laterTexts.look.now };
  return (
    <Differences
      left={{ head: labels.then, label: `${labels.then}: ${path}`, text: textThen }}
      right={{ head: labels.now, label: `${labels.now}: ${path}`, text: textNow }}
      dark={dark}
    />
  );
}

function Pictures({ path, then, now }: Props & { now: Uint8Array<ArrayBuffer> }) {
  const sides = [
    [laterTexts.look.then, then],
    [laterTexts.look.now, now],
  ] as const;
  return (
    <div className={classes.pictures}>
      {sides.map(([head, bytes]) => (
        <figure key={head}>
          <figcaption>{head}</figcaption>
          <Picture path={path} bytes={bytes} label={`${head}: ${path}`} />
        </figure>
      ))}
    </div>
  );
}

function Failed({ fault }: { fault: Parameters<typeof Problem>[0]["fault"] }) {
  return (
    <div className={classes.problem}>
      <Problem title={laterTexts.editor.failedTitle} fault={fault} />
    </div>
  );
}

function Words({ words }: { words: string }) {
  return (
    <Text c="dimmed" ta="center" py="xl" px="md" role="status">
      {words}
    </Text>
  );
}
