import { useOutletContext } from "react-router";

import type { Project } from "../api/contract.ts";

/** The project whose page this is. */
export const useProject = (): Project => useOutletContext<Project>();
