import { useParams } from "react-router";

import { useProject } from "../project/context.ts";
import { NotRunning } from "../project/NotRunning.tsx";
import { isRunning } from "../ui/StateBadge.tsx";
import { useTitle } from "../ui/useTitle.ts";
import { FolderView } from "./FolderView.tsx";
import { baseName } from "./path.ts";

/** A folder of the project. */
export default function FilesPage() {
  const project = useProject();
  const path = (useParams()["*"] ?? "").replace(/\/+$/, "");
  useTitle(path === "" ? project.title : `${baseName(path)} · ${project.title}`);
  if (!isRunning(project.state)) return <NotRunning project={project} />;
  return <FolderView key={path} project={project} path={path} />;
}
