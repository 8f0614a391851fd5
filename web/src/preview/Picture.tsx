import { useEffect, useRef, useState } from "react";

import { baseName } from "../files/path.ts";
import { laterTexts } from "../texts/later.ts";
import { Problem } from "../ui/Problem.tsx";
import classes from "./Preview.module.css";
import { pictureType } from "./kinds.ts";

const DRAWING = "image/svg+xml";

interface Props {
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
  label?: string | undefined;
}

/**
 * A picture of a project. It is only ever an image to the browser, in which no script runs: a drawing (SVG) has a `data:`
 * address besides, so that it is nobody's page either when somebody opens it in a tab of its own.
 */
export function Picture({ path, bytes, label = laterTexts.preview.pictureOf(baseName(path)) }: Props) {
  const image = useRef<HTMLImageElement>(null);
  const [broken, setBroken] = useState<Uint8Array | null>(null);
  const type = pictureType(path) ?? "";
  useEffect(() => {
    if (image.current === null) return undefined;
    if (type === DRAWING) {
      image.current.src = `data:${DRAWING};charset=utf-8,${encodeURIComponent(new TextDecoder().decode(bytes))}`;
      return undefined;
    }
    const address = URL.createObjectURL(new Blob([bytes], { type }));
    image.current.src = address;
    return () => URL.revokeObjectURL(address);
  }, [bytes, type]);
  if (broken === bytes)
    return <Problem title={laterTexts.preview.failed} words={laterTexts.preview.noPicture} />;
  return <img ref={image} className={classes.image} alt={label} onError={() => setBroken(bytes)} />;
}
