import { createApi, type BaseQueryFn } from "@reduxjs/toolkit/query/react";

import { call, get } from "./call.ts";
import type * as c from "./contract.ts";
import type { Fault } from "./fault.ts";

export interface Operation {
  event: string;
  body?: object;
}

const baseQuery: BaseQueryFn<Operation, unknown, Fault> = ({ event, body }, { signal }) =>
  call(event, body ?? {}, signal);

/** Makes the `query` of an endpoint whose argument is the operation's own message. */
function operation(event: string): (body: object) => Operation {
  return (body) => ({ event, body });
}

const folder = ({ project_id, path }: c.AtPath) => `${project_id}:${path}`;

/** The hub's operations that the browser uses. Rows of synchronised tables arrive elsewhere: see `live/`. */
export const api = createApi({
  reducerPath: "api",
  baseQuery,
  tagTypes: ["Account", "Folder", "Snapshots"],
  endpoints: (build) => ({
    getSite: build.query<c.Site, void>({ query: () => ({ event: "get_site" }) }),
    getAccount: build.query<c.Account, void>({
      query: () => ({ event: "get_account" }),
      providesTags: ["Account"],
    }),
    signIn: build.mutation<{ account_id: string }, c.SignIn>({ query: operation("sign_in") }),
    createAccount: build.mutation<{ account_id: string }, c.CreateAccount>({
      query: operation("create_account"),
    }),
    signOut: build.mutation<unknown, { everywhere?: boolean }>({ query: operation("sign_out") }),

    getProjects: build.query<{ projects: c.Project[] }, void>({ query: () => ({ event: "get_projects" }) }),
    createProject: build.mutation<c.InProject, { title: string; description?: string; start?: boolean }>({
      query: operation("create_project"),
    }),
    startProject: build.mutation<{ state: c.ProjectState }, c.InProject>({
      query: operation("start_project"),
    }),
    stopProject: build.mutation<{ state: c.ProjectState }, c.InProject>({ query: operation("stop_project") }),
    restartProject: build.mutation<{ state: c.ProjectState }, c.InProject>({
      query: operation("restart_project"),
    }),
    saveProject: build.mutation<{ state: c.ProjectState }, c.InProject & { wait?: number }>({
      query: operation("save_project"),
      invalidatesTags: ["Snapshots"],
    }),
    inviteCollaborator: build.mutation<unknown, c.InProject & { email_address: string; role?: c.Role }>({
      query: operation("invite_collaborator"),
    }),
    removeCollaborator: build.mutation<unknown, c.InProject & { account_id: string }>({
      query: operation("remove_collaborator"),
    }),
    setQuotas: build.mutation<unknown, c.InProject & Partial<c.Quota>>({ query: operation("set_quotas") }),

    listDirectory: build.query<c.Listing, c.AtPath & { hidden?: boolean }>({
      query: operation("list_directory"),
      providesTags: (_result, _fault, at) => [{ type: "Folder", id: folder(at) }],
    }),
    readTextFile: build.query<c.TextFile, c.AtPath>({
      query: operation("read_text_file"),
      keepUnusedDataFor: 0,
    }),
    writeTextFile: build.mutation<c.Written, c.AtPath & { content: string; unmodified_since?: string }>({
      query: operation("write_text_file"),
      invalidatesTags: ["Folder"],
    }),
    makeDirectory: build.mutation<unknown, c.AtPath>({
      query: operation("make_directory"),
      invalidatesTags: ["Folder"],
    }),
    copyPath: build.mutation<unknown, c.FromTo>({
      query: operation("copy_path"),
      invalidatesTags: ["Folder"],
    }),
    renamePath: build.mutation<unknown, c.FromTo>({
      query: operation("rename_path"),
      invalidatesTags: ["Folder"],
    }),
    deletePath: build.mutation<unknown, c.AtPath>({
      query: operation("delete_path"),
      invalidatesTags: ["Folder"],
    }),

    listPorts: build.query<{ ports: c.Port[] }, c.InProject>({ query: operation("list_ports") }),
    listTerminals: build.query<{ sessions: c.TerminalSession[] }, c.InProject>({
      queryFn: async ({ project_id }, { signal }) =>
        (await get(`/${project_id}/terminal/`, signal)) as { data: { sessions: c.TerminalSession[] } },
    }),

    listSnapshots: build.query<{ snapshots: c.Snapshot[] }, c.InProject & { path?: string }>({
      query: operation("list_snapshots"),
      providesTags: ["Snapshots"],
    }),
    restorePath: build.mutation<c.Restored, c.AtPath & { snapshot: string }>({
      query: operation("restore_path"),
      invalidatesTags: ["Folder"],
    }),
  }),
});
