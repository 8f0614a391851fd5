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
  tagTypes: ["Account", "Folder", "QuotaRequests", "Snapshots", "SshKeys", "Trash"],
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
    killProject: build.mutation<{ processes: number }, c.InProject>({ query: operation("kill_project") }),

    getUsage: build.query<c.UsageNow, c.InProject>({ query: operation("get_usage") }),
    setQuotas: build.mutation<{ applied: boolean }, c.InProject & Partial<c.Quota>>({
      query: operation("set_quotas"),
      invalidatesTags: ["QuotaRequests"],
    }),
    requestQuotas: build.mutation<unknown, c.InProject & Partial<c.Quota> & { reason?: string }>({
      query: operation("request_quotas"),
    }),
    getQuotaRequests: build.query<{ requests: c.QuotaRequest[] }, void>({
      query: () => ({ event: "get_quota_requests" }),
      providesTags: ["QuotaRequests"],
    }),
    declineQuotas: build.mutation<unknown, c.InProject>({
      query: operation("decline_quotas"),
      invalidatesTags: ["QuotaRequests"],
    }),

    listSshKeys: build.query<{ ssh_keys: c.SshKey[] }, { project_id?: string }>({
      query: operation("list_ssh_keys"),
      providesTags: ["SshKeys"],
    }),
    addSshKey: build.mutation<c.SshKey, { key: string; project_id?: string }>({
      query: operation("add_ssh_key"),
      invalidatesTags: ["SshKeys"],
    }),
    deleteSshKey: build.mutation<unknown, { ssh_key_id: string }>({
      query: operation("delete_ssh_key"),
      invalidatesTags: ["SshKeys"],
    }),

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
    deletePath: build.mutation<{ trash_id: string | null }, c.AtPath & { trash?: boolean }>({
      query: operation("delete_path"),
      invalidatesTags: ["Folder", "Trash"],
    }),
    listTrash: build.query<{ trash: c.Deleted[]; truncated: boolean }, c.InProject>({
      query: operation("list_trash"),
      providesTags: ["Trash"],
    }),
    restoreFromTrash: build.mutation<{ path: string }, c.InProject & { trash_id: string }>({
      query: operation("restore_from_trash"),
      invalidatesTags: ["Folder", "Trash"],
    }),
    emptyTrash: build.mutation<unknown, c.InProject & { trash_ids?: string[] }>({
      query: operation("empty_trash"),
      invalidatesTags: ["Folder", "Trash"],
    }),
    unpackArchive: build.mutation<{ files: number }, c.AtPath & { destination: string }>({
      query: operation("unpack_archive"),
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
    listSnapshotDirectory: build.query<c.Listing, c.InSnapshot & { hidden?: boolean }>({
      query: operation("list_snapshot_directory"),
    }),
    readSnapshotFile: build.query<c.SnapshotFile, c.InSnapshot>({
      query: operation("read_snapshot_file"),
      keepUnusedDataFor: 0,
    }),
    restorePath: build.mutation<c.Restored, c.AtPath & { snapshot: string }>({
      query: operation("restore_path"),
      invalidatesTags: ["Folder"],
    }),
  }),
});
