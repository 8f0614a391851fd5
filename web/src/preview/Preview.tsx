import { Skeleton } from "@mantine/core";
import { lazy, Suspense } from "react";

import { baseName } from "../files/path.ts";
import { texts } from "../texts/index.ts";
import { laterTexts } from "../texts/later.ts";
import { Problem } from "../ui/Problem.tsx";
import { Scroller } from "../ui/Scroller.tsx";
import type { Kind } from "./kinds.ts";
import { Picture } from "./Picture.tsx";
import classes from "./Preview.module.css";
import { textOf } from "./source.ts";

const Markdown = lazy(() => import("./Markdown.tsx").then(({ Markdown }) => ({ default: Markdown })));
const Table = lazy(() => import("./Table.tsx").then(({ Table }) => ({ default: Table })));
const Pdf = lazy(() => import("./Pdf.tsx").then(({ Pdf }) => ({ default: Pdf })));

interface Props {
  kind: Kind;
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** What a file shows: what each kind needs is loaded when the first of it is looked at. */
export function Preview({ kind, path, bytes }: Props) {
  return (
    <div className={classes.room}>
      <Suspense fallback={<Skeleton m="md" height={200} role="status" aria-label={texts.common.loading} />}>
        <Shown kind={kind} path={path} bytes={bytes} />
      </Suspense>
    </div>
  );
}

function Shown({ kind, path, bytes }: Props) {
  if (kind === "pdf") return <Pdf path={path} bytes={bytes} />;
  if (kind === "picture" || kind === "drawing") {
    return (
      <Scroller
        className={`${classes.scroller} ${classes.chequered}`}
        label={laterTexts.preview.previewOf(baseName(path))}
      >
        <Picture path={path} bytes={bytes} />
      </Scroller>
    );
  }
  const text = textOf(bytes);
  if (text === null) return <Problem title={laterTexts.preview.failed} words={laterTexts.editor.notText} />;
  if (kind === "table") return <Table path={path} text={text} />;
  return (
    <Scroller className={classes.scroller} label={laterTexts.preview.previewOf(baseName(path))}>
      <Markdown path={path} text={text} />
    </Scroller>
  );
}
