import { Button, Skeleton, Text } from "@mantine/core";
import { lazy, Suspense, useState } from "react";

import { ViewChoice } from "../editor/ViewChoice.tsx";
import { baseName } from "../files/path.ts";
import { kindOf } from "../preview/kinds.ts";
import { Preview } from "../preview/Preview.tsx";
import { textOf } from "../preview/source.ts";
import { texts } from "../texts/index.ts";
import { laterTexts } from "../texts/later.ts";
import { IconDownload } from "../ui/icons.ts";
import pane from "../ui/pane.module.css";
import { Problem } from "../ui/Problem.tsx";
import { readableSize } from "../ui/size.ts";
import { exact } from "../ui/time.ts";
import { Comparison } from "./Comparison.tsx";
import { saveAs } from "./saveAs.ts";
import classes from "./SnapshotPage.module.css";

const ReadOnlyText = lazy(() => import("../editor/ReadOnlyText.tsx"));

interface Props {
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
  modified: string;
}

type View = "text" | "preview" | "compare";

/** A file as it was: its text, what it shows, or how it differs from now. */
export function PastFile({ path, bytes, modified }: Props) {
  const kind = kindOf(path);
  const text = textOf(bytes);
  const canCompare = text !== null || kind === "picture";
  const views: View[] = [];
  if (text !== null) views.push("text");
  if (kind !== null) views.push("preview");
  if (canCompare) views.push("compare");
  const [chosen, setChosen] = useState<View>(kind === null ? "text" : "preview");
  const view = views.includes(chosen) ? chosen : views[0];
  return (
    <>
      <div className={pane.bar}>
        {views.length > 1 && view !== undefined && (
          <ViewChoice modes={views} mode={view} onMode={setChosen} />
        )}
        <Text size="xs" c="dimmed" className={classes.facts}>
          {readableSize(bytes.length)} · {exact(modified)}
        </Text>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconDownload size={14} aria-hidden />}
          onClick={() => saveAs(baseName(path), bytes)}
        >
          {laterTexts.look.download}
        </Button>
      </div>
      <div className={pane.pane}>
        <Suspense fallback={<Skeleton m="md" height={160} role="status" aria-label={texts.common.loading} />}>
          {view === undefined && (
            <div className={classes.problem}>
              <Problem title={laterTexts.preview.failed} words={laterTexts.look.notText} />
            </div>
          )}
          {view === "text" && text !== null && (
            <ReadOnlyText path={path} label={laterTexts.editor.label(path)} text={text} />
          )}
          {view === "preview" && kind !== null && <Preview kind={kind} path={path} bytes={bytes} />}
          {view === "compare" && <Comparison path={path} then={bytes} />}
        </Suspense>
      </div>
    </>
  );
}
