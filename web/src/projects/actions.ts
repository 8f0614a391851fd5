import { api } from "../api/api.ts";
import type { Project } from "../api/contract.ts";
import { texts } from "../texts/index.ts";
import { tell, tellFault } from "../ui/tell.ts";

/** Start, stop, restart and save: shown at once, and taken back with a word if refused. */
export function useProjectActions() {
  const [startProject] = api.useStartProjectMutation();
  const [stopProject] = api.useStopProjectMutation();
  const [restartProject] = api.useRestartProjectMutation();
  const [saveProject] = api.useSaveProjectMutation();
  return {
    start: ({ project_id, title }: Project) =>
      startProject({ project_id })
        .unwrap()
        .catch((error: unknown) => tellFault(texts.projects.startRefused(title), error)),
    stop: ({ project_id, title }: Project) =>
      stopProject({ project_id })
        .unwrap()
        .catch((error: unknown) => tellFault(texts.projects.stopRefused(title), error)),
    restart: ({ project_id, title }: Project) =>
      restartProject({ project_id })
        .unwrap()
        .catch((error: unknown) => tellFault(texts.projects.restartRefused(title), error)),
    /** Answers once the copy is complete and its snapshot is there. */
    save: ({ project_id, title }: Project) =>
      saveProject({ project_id, wait: 120 })
        .unwrap()
        .then(() => tell(texts.settings.savedNow))
        .catch((error: unknown) => tellFault(texts.projects.saveRefused(title), error)),
  };
}
