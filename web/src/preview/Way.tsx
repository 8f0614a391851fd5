import { Link } from "react-router";

import { baseName, parentOf, wayTo } from "../files/path.ts";
import { texts } from "../texts/index.ts";
import classes from "./Way.module.css";

interface Props {
  /** Where the home is shown. */
  root: string;
  path: string;
  placeOf: (folder: string) => string;
}

/** The folders on the way to a file or folder, as links, and its own name. */
export function Way({ root, path, placeOf }: Props) {
  return (
    <nav aria-label={texts.files.breadcrumb} className={classes.way}>
      {path === "" ? <strong>{texts.files.home}</strong> : <Link to={root}>{texts.files.home}</Link>}
      {wayTo(parentOf(path)).map((step) => (
        <span key={step.path}>
          <span aria-hidden> / </span>
          <Link to={placeOf(step.path)}>{step.name}</Link>
        </span>
      ))}
      {path !== "" && (
        <>
          <span aria-hidden> / </span>
          <strong>{baseName(path)}</strong>
        </>
      )}
    </nav>
  );
}
