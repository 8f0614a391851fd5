import type { Entry } from "../api/contract.ts";
import { texts } from "../texts/index.ts";
import {
  IconFile,
  IconFileCode,
  IconFileSymlink,
  IconFileText,
  IconFolderFilled,
  IconPhoto,
} from "../ui/icons.ts";
import classes from "./FileGrid.module.css";

const CODE =
  /\.(c|cc|cpp|css|go|h|hs|html?|java|jl|js|json|jsx|lua|m|ml|php|pl|py|r|rb|rs|sage|sh|sql|swift|tex|toml|ts|tsx|xml|ya?ml)$/i;
const PICTURE = /\.(gif|jpe?g|png|svg|webp|avif)$/i;
const TEXT = /\.(md|txt|csv|tsv|rst|log|org|bib)$/i;

/** What kind of file it is, by its name. */
export function TypeIcon({ entry }: { entry: Entry }) {
  const look = { size: 18, stroke: 1.6, "aria-hidden": true, className: classes.icon } as const;
  if (entry.type === "directory")
    return <IconFolderFilled size={18} aria-label={texts.files.folder} className={classes.folder} />;
  if (entry.type === "link") return <IconFileSymlink {...look} />;
  if (CODE.test(entry.name)) return <IconFileCode {...look} />;
  if (PICTURE.test(entry.name)) return <IconPhoto {...look} />;
  if (TEXT.test(entry.name)) return <IconFileText {...look} />;
  return <IconFile {...look} />;
}
