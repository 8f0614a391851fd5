import "@mantine/core/styles/Typography.css";
import "katex/dist/katex.min.css";

import { Anchor, Typography } from "@mantine/core";
import { useMemo, type ReactNode } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import { Link } from "react-router";
import rehypeKatex from "rehype-katex";
import remarkGfm from "remark-gfm";
import remarkMath from "remark-math";

import { parentOf } from "../files/path.ts";
import { laterTexts } from "../texts/later.ts";
import { pictureType } from "./kinds.ts";
import classes from "./Preview.module.css";
import { Picture } from "./Picture.tsx";
import { resolve } from "./resolve.ts";
import { useBytes, useSource } from "./source.ts";

/** A Markdown text as React elements: HTML in it stays text, and nothing is loaded from elsewhere. */
export function Markdown({ path, text }: { path: string; text: string }) {
  const folder = parentOf(path);
  const components = useMemo<Components>(
    () => ({
      a: ({ href, children }) => (
        <Reference folder={folder} href={href ?? ""}>
          {children}
        </Reference>
      ),
      img: ({ src, alt }) => (
        <Figure folder={folder} src={typeof src === "string" ? src : ""} alt={alt ?? ""} />
      ),
    }),
    [folder],
  );
  return (
    <Typography className={classes.prose}>
      <ReactMarkdown
        remarkPlugins={[remarkGfm, remarkMath]}
        rehypePlugins={[rehypeKatex]}
        components={components}
      >
        {text}
      </ReactMarkdown>
    </Typography>
  );
}

function Reference({ folder, href, children }: { folder: string; href: string; children: ReactNode }) {
  const { placeOf } = useSource();
  const path = resolve(folder, href);
  if (path !== null) return <Link to={placeOf(path)}>{children}</Link>;
  if (!/^(https?|mailto):/i.test(href)) return <span>{children}</span>;
  return (
    <Anchor href={href} target="_blank" rel="noopener noreferrer" inherit>
      {children}
    </Anchor>
  );
}

function Figure({ folder, src, alt }: { folder: string; src: string; alt: string }) {
  const path = resolve(folder, src);
  if (path !== null && pictureType(path) !== undefined) return <OwnFigure path={path} alt={alt} />;
  return <em>{laterTexts.preview.notShown(alt === "" ? src : alt)}</em>;
}

function OwnFigure({ path, alt }: { path: string; alt: string }) {
  const loaded = useBytes(path);
  if (loaded?.fault !== undefined) return <em>{laterTexts.preview.notShown(alt === "" ? path : alt)}</em>;
  return loaded === null ? null : <Picture path={path} bytes={loaded.bytes} label={alt} />;
}
