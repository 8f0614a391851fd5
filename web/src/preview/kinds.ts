import { baseName } from "../files/path.ts";

/** What can be shown of a file beside its text. */
export type Kind = "picture" | "drawing" | "pdf" | "markdown" | "table";

const PICTURES: Record<string, string> = {
  apng: "image/png",
  avif: "image/avif",
  bmp: "image/bmp",
  gif: "image/gif",
  ico: "image/x-icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  png: "image/png",
  svg: "image/svg+xml",
  webp: "image/webp",
};

const ending = (path: string): string => /\.([^.]+)$/.exec(baseName(path))?.[1]?.toLowerCase() ?? "";

export function kindOf(path: string): Kind | null {
  const end = ending(path);
  if (end === "svg") return "drawing";
  if (end in PICTURES) return "picture";
  if (end === "pdf") return "pdf";
  if (end === "md" || end === "markdown") return "markdown";
  return end === "csv" || end === "tsv" ? "table" : null;
}

/** Whether there is text behind it that can be edited. */
export const hasText = (kind: Kind | null): boolean => kind !== "picture" && kind !== "pdf";

/** The type of a picture by its name alone: what its bytes say, or a project says of them, is never asked. */
export const pictureType = (path: string): string | undefined => PICTURES[ending(path)];
