import type { Project, ProjectState } from "../api/contract.ts";
import { texts } from "../texts/index.ts";
import { Ago } from "./Ago.tsx";
import classes from "./StateBadge.module.css";

export type Phase = "running" | "moving" | "resting";

/** What a state means for someone who wants to work. */
export function phaseOf(state: ProjectState): Phase {
  if (state === "running" || state === "saving") return "running";
  return state === "closed" || state === "opened" ? "resting" : "moving";
}

export const isRunning = (state: ProjectState): boolean => phaseOf(state) === "running";

/** A project's state in words, since when, and why if there is something to say. */
export function StateBadge({ project, brief = false }: { project: Project; brief?: boolean }) {
  const { state, state_changed: since, state_detail: detail } = project;
  return (
    <span className={classes.badge} data-phase={phaseOf(state)}>
      <span className={classes.dot} data-state={state} aria-hidden />
      <span>
        <span className={classes.word}>{texts.state[state]}</span>
        {!brief && since !== null && (
          <>
            {" "}
            <span className={classes.since}>
              <Ago time={since} />
            </span>
          </>
        )}
        {!brief && detail !== "" && <span className={classes.detail}>, {detail}</span>}
      </span>
    </span>
  );
}
