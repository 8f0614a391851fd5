import type {
  Account,
  Change,
  Deleted,
  Person,
  Port,
  Project,
  ProjectState,
  Quota,
  Snapshot,
  SshKey,
  TerminalSession,
  Usage,
  UsageNow,
} from "../../src/api/contract.ts";
import { entriesOf, type File, move } from "./files.ts";
import { Refusal, refuse } from "./refusal.ts";

/** An answer of the fake instance: an HTTP status and a JSON body. */
export interface Answer {
  status: number;
  body: unknown;
  /** Whose session the answer begins (an account's id), or ends (null). */
  session?: string | null;
}

type Fields = Record<string, unknown>;

const QUOTA: Quota = {
  disk: 3000,
  memory: 1000,
  cores: 1,
  cpu_shares: 256,
  idle_timeout: 3600,
  network: false,
  member_host: false,
};

const SSH = { port: 8022, host_key: "ssh-ed25519 AAAA", fingerprint: "SHA256:abc" };

const MAXIMUM: Quota = { ...QUOTA, disk: 50_000, memory: 8000, cores: 4, network: true };

/** The hub's contract in memory, for tests and for looking at pages without an instance. Keeps no secrets and checks little. */
export class FakeInstance {
  site = { site_name: "Lyceum", sign_up: "open" as "open" | "token" | "closed", version: "0.1.0", ssh: SSH };
  readonly accounts = new Map<string, Account & { password: string }>();
  readonly projects = new Map<string, Project>();
  /** Files by project and path; folders end in "/". */
  readonly files = new Map<string, Map<string, File>>();
  readonly terminals = new Map<string, TerminalSession[]>();
  readonly ports = new Map<string, Port[]>();
  readonly usage = new Map<string, Usage>();
  sshKeys: SshKey[] = [];
  advice: UsageNow["advice"] = [];
  /** What owners asked for. */
  readonly requests: Fields[] = [];
  readonly trash: { deleted: Deleted; files: Map<string, File> }[] = [];
  readonly snapshots = new Map<string, Snapshot[]>();
  /** What a snapshot holds, by project and name of the snapshot; folders end in "/". */
  readonly past = new Map<string, Map<string, string>>();
  /** Answers given instead of the true one, once each. */
  readonly refusals: { event: string; status: number; code: string; message: string }[] = [];
  /** How long a project takes from one state to the next (milliseconds). */
  pace = 0;
  readonly #watchers = new Set<(change: Change<Project>) => void>();
  readonly #fileWatchers = new Set<{ id: string; path: string; tell: () => void }>();
  #last = 0;

  id(): string {
    this.#last += 1;
    return `00000000-0000-4000-8000-${String(this.#last).padStart(12, "0")}`;
  }

  watch(watcher: (change: Change<Project>) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Tells of changes of a file, or in a folder. */
  watchFiles(id: string, path: string, tell: () => void): () => void {
    const watcher = { id, path, tell };
    this.#fileWatchers.add(watcher);
    return () => this.#fileWatchers.delete(watcher);
  }

  addAccount(fields: Partial<Account> = {}, password = "correct horse battery"): Account {
    const account: Account = {
      account_id: this.id(),
      email_address: "ada@example.org",
      first_name: "Ada",
      last_name: "Lovelace",
      administrator: false,
      ...fields,
    };
    this.accounts.set(account.account_id, { ...account, password });
    return account;
  }

  addProject(owner: Account, fields: Partial<Project> = {}): Project {
    const now = new Date().toISOString();
    const project: Project = {
      project_id: this.id(),
      title: "Algebra",
      description: "",
      state: "running",
      state_changed: now,
      state_detail: "",
      host: "compute1",
      users: [personOf(owner, "owner")],
      created: now,
      last_edited: now,
      last_saved: null,
      quota: { ...QUOTA },
      ...fields,
    };
    this.projects.set(project.project_id, project);
    this.files.set(project.project_id, new Map());
    this.snapshots.set(project.project_id, []);
    this.#tell({ operation: "insert", key: project.project_id, row: project });
    return project;
  }

  change(id: string, fields: Partial<Project>): void {
    const project = { ...this.#project(id), ...fields };
    this.projects.set(id, project);
    this.#tell({ operation: "update", key: id, row: project });
  }

  write(id: string, path: string, content: string, modified = new Date().toISOString()): string {
    const files = this.#files(id);
    const parts = path.split("/");
    for (let n = 1; n < parts.length; n += 1)
      files.set(`${parts.slice(0, n).join("/")}/`, { content: "", modified });
    files.set(path, { content, modified });
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    for (const watcher of this.#fileWatchers)
      if (watcher.id === id && [path, folder].includes(watcher.path)) watcher.tell();
    return modified;
  }

  read(id: string, path: string): string | undefined {
    return this.#files(id).get(path)?.content;
  }

  /** Does one operation as `session` (an account's id, or null). */
  call(event: string, fields: Fields, session: string | null): Answer {
    const index = this.refusals.findIndex((each) => each.event === event);
    const [refusal] = index < 0 ? [] : this.refusals.splice(index, 1);
    try {
      if (refusal) refuse(refusal.status, refusal.code, refusal.message);
      return this.#do(event, fields, session);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, body: { error: { code: error.code, message: error.message } } };
    }
  }

  rows(session: string): Project[] {
    return [...this.projects.values()].filter((each) =>
      each.users.some((user) => user.account_id === session),
    );
  }

  #tell(change: Change<Project>): void {
    for (const watcher of this.#watchers) watcher(change);
  }

  #project(id: unknown): Project {
    return this.projects.get(String(id)) ?? refuse(404, "not_found", "There is no such project.");
  }

  #files(id: unknown): Map<string, File> {
    return this.files.get(String(id)) ?? refuse(404, "not_found", "There is no such project.");
  }

  #do(event: string, fields: Fields, session: string | null): Answer {
    if (event === "get_site") return ok(this.site);
    if (event === "sign_in") return this.#signIn(fields);
    if (event === "create_account") return this.#createAccount(fields);
    const account = session === null ? undefined : this.accounts.get(session);
    if (account === undefined) return refuse(401, "not_signed_in", "Sign in first.");
    const { password: _, ...me } = account;
    switch (event) {
      case "get_account":
        return ok(me);
      case "sign_out":
        return { ...ok({}), session: null };
      case "list_ssh_keys":
        return ok({ ssh_keys: this.sshKeys.filter((key) => key.project_id === (fields.project_id ?? null)) });
      case "add_ssh_key": {
        const key = String(fields.key);
        if (!key.startsWith("ssh-")) return refuse(422, "invalid", "This is no public key.");
        const added = {
          ssh_key_id: this.id(),
          project_id: (fields.project_id as string | undefined) ?? null,
          title: key.split(" ")[2] ?? "",
          key,
          fingerprint: "SHA256:xyz",
          created: new Date().toISOString(),
          used: null,
        };
        this.sshKeys.push(added);
        return ok(added);
      }
      case "delete_ssh_key":
        this.sshKeys = this.sshKeys.filter((key) => key.ssh_key_id !== fields.ssh_key_id);
        return ok({});
      case "get_quota_requests":
        return ok({ requests: [] });
      case "get_projects":
        return ok({ projects: this.rows(me.account_id) });
      case "create_project": {
        const start = fields.start === true;
        const project = this.addProject(me, {
          title: String(fields.title),
          state: start ? "starting" : "closed",
          last_edited: null,
        });
        if (start) this.#follow(project.project_id, ["running"]);
        return ok({ project_id: project.project_id });
      }
      default:
        return this.#doInProject(event, fields);
    }
  }

  #doInProject(event: string, fields: Fields): Answer {
    const id = String(fields.project_id);
    const project = this.#project(id);
    switch (event) {
      case "start_project":
        this.change(id, { state: "starting", state_changed: new Date().toISOString() });
        this.#follow(id, ["running"]);
        return ok({ state: "starting" });
      case "stop_project":
        this.change(id, { state: "stopping", state_changed: new Date().toISOString() });
        this.#follow(id, ["opened"]);
        return ok({ state: "stopping" });
      case "restart_project":
        this.#follow(id, ["stopping", "starting", "running"]);
        return ok({ state: "stopping" });
      case "save_project": {
        const time = new Date().toISOString();
        this.snapshots.get(id)?.push({ name: time, time });
        this.change(id, { last_saved: time });
        return ok({ state: project.state });
      }
      case "set_quotas": {
        const { project_id: _, ...quota } = fields;
        this.change(id, { quota: { ...project.quota, ...quota } });
        return ok({ quota: { ...project.quota, ...quota }, applied: true });
      }
      case "get_usage":
        return ok({
          usage: this.usage.get(id) ?? null,
          quota: project.quota,
          maximum: MAXIMUM,
          advice: this.advice,
        });
      case "request_quotas":
        this.requests.push(fields);
        return ok({});
      case "kill_project":
        return ok({ processes: 3 });
      case "invite_collaborator": {
        const found = [...this.accounts.values()].find((each) => each.email_address === fields.email_address);
        if (found === undefined) return refuse(404, "not_found", "There is no such account.");
        this.change(id, { users: [...project.users, personOf(found, "collaborator")] });
        return ok({});
      }
      case "remove_collaborator":
        this.change(id, { users: project.users.filter((each) => each.account_id !== fields.account_id) });
        return ok({});
      case "list_snapshots":
        return ok({ snapshots: this.snapshots.get(id) ?? [] });
      case "list_snapshot_directory":
      case "read_snapshot_file":
        return this.#look(event, this.past.get(`${id} ${textOf(fields.snapshot)}`), textOf(fields.path));
      case "restore_path": {
        const path = String(fields.path);
        return ok({ restored: [path], set_aside: [`${path}.before-restore-2026-11-22T10-15-00Z`] });
      }
      default:
        if (project.state !== "running") return refuse(409, "not_running", "The project is not running.");
        return this.#doWithFiles(event, id, fields);
    }
  }

  #look(event: string, held: Map<string, string> | undefined, path: string): Answer {
    const modified = "2026-11-22T10:00:00Z";
    const files = new Map([...(held ?? [])].map(([key, content]) => [key, { content, modified }]));
    if (event === "list_snapshot_directory")
      return ok({ entries: entriesOf(files, path, false), truncated: false });
    if (files.has(`${path}/`)) return refuse(409, "is_a_directory", "It is a folder.");
    const file = files.get(path) ?? refuse(404, "not_found", "It is not in the snapshot.");
    return ok({ content: btoa(file.content), modified, size: file.content.length });
  }

  #doWithFiles(event: string, id: string, fields: Fields): Answer {
    const files = this.#files(id);
    const path = textOf(fields.path);
    switch (event) {
      case "list_directory":
        return ok({ entries: entriesOf(files, path, fields.hidden === true), truncated: false });
      case "read_text_file": {
        const file = files.get(path) ?? refuse(404, "not_found", "There is no such file.");
        return ok({ ...file, size: file.content.length });
      }
      case "write_text_file": {
        const since = fields.unmodified_since;
        const before = files.get(path);
        if (since !== undefined && before?.modified !== since) {
          return refuse(409, "changed_on_disk", "The file was changed.");
        }
        const modified = this.write(id, path, String(fields.content));
        return ok({ modified, size: String(fields.content).length });
      }
      case "list_ports":
        return ok({ ports: this.ports.get(id) ?? [] });
      case "make_directory":
        this.write(id, `${path}/.`, "");
        files.delete(`${path}/.`);
        return ok({});
      case "copy_path":
      case "rename_path":
        move(files, String(fields.source), String(fields.destination), event === "copy_path");
        return ok({});
      case "delete_path": {
        const gone = [...files].filter(([key]) => key.startsWith(`${path}/`) || key === path);
        for (const [key] of gone) files.delete(key);
        if (fields.trash !== true) return ok({ trash_id: null });
        const deleted: Deleted = {
          trash_id: this.id(),
          path,
          deleted: new Date().toISOString(),
          type: gone.some(([key]) => key === path) ? "file" : "directory",
          size: 0,
        };
        this.trash.unshift({ deleted, files: new Map(gone) });
        return ok({ trash_id: deleted.trash_id });
      }
      case "list_trash":
        return ok({ trash: this.trash.map(({ deleted }) => deleted), truncated: false });
      case "restore_from_trash": {
        const index = this.trash.findIndex(({ deleted }) => deleted.trash_id === fields.trash_id);
        const [found] = index < 0 ? [] : this.trash.splice(index, 1);
        if (found === undefined) return refuse(404, "not_found", "It is not in the trash.");
        for (const [key, file] of found.files) files.set(key, file);
        return ok({ path: found.deleted.path });
      }
      case "empty_trash": {
        const ids = fields.trash_ids as string[] | undefined;
        const left = this.trash.filter(({ deleted }) => ids?.includes(deleted.trash_id) === false);
        this.trash.splice(0, this.trash.length, ...left);
        return ok({});
      }
      default:
        return refuse(404, "unknown_event", "There is no such operation.");
    }
  }

  #signIn(fields: Fields): Answer {
    const found = [...this.accounts.values()].find((each) => each.email_address === fields.email_address);
    if (found?.password !== fields.password) refuse(401, "wrong_credentials", "Wrong.");
    return { ...ok({ account_id: found?.account_id }), session: found?.account_id ?? null };
  }

  #createAccount(fields: Fields): Answer {
    const { password, token: _, ...names } = fields;
    if ([...this.accounts.values()].some((each) => each.email_address === names.email_address)) {
      refuse(409, "taken", "There is an account with this address already. Sign in instead.");
    }
    const account = this.addAccount(names, String(password));
    return { ...ok({ account_id: account.account_id }), session: account.account_id };
  }

  #follow(id: string, states: ProjectState[]): void {
    const [next, ...rest] = states;
    if (next === undefined) return;
    const step = () => {
      this.change(id, { state: next, state_changed: new Date().toISOString() });
      this.#follow(id, rest);
    };
    if (this.pace === 0) queueMicrotask(step);
    else setTimeout(step, this.pace);
  }
}

const ok = (body: unknown): Answer => ({ status: 200, body });

const personOf = (account: Account, role: Person["role"]): Person => ({
  account_id: account.account_id,
  email_address: account.email_address,
  first_name: account.first_name,
  last_name: account.last_name,
  role,
});

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
