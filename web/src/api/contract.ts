/** The messages of the hub's operations, as the browser sees them (docs/architecture.md). Times are ISO 8601 in UTC. */

export interface Site {
  site_name: string;
  sign_up: "open" | "token" | "closed";
  version: string;
  /** How projects are reached with SSH; null where they are not. */
  ssh: { port: number; host_key: string; fingerprint: string } | null;
}

export interface SshKey {
  ssh_key_id: string;
  /** Set for a key that opens one project alone. */
  project_id: string | null;
  title: string;
  key: string;
  fingerprint: string;
  created: string;
  used: string | null;
}

export interface Account {
  account_id: string;
  email_address: string;
  first_name: string;
  last_name: string;
  administrator: boolean;
}

export interface SignIn {
  email_address: string;
  password: string;
  remember_me?: boolean;
}

export interface CreateAccount {
  email_address: string;
  password: string;
  first_name: string;
  last_name: string;
  token?: string;
}

export type ProjectState =
  "closed" | "opening" | "opened" | "starting" | "running" | "saving" | "stopping" | "closing";

export type Role = "owner" | "collaborator";

export interface Person {
  account_id: string;
  email_address: string;
  first_name: string;
  last_name: string;
  role: Role;
}

export interface Quota {
  /** MB (10^6 bytes). */
  disk: number;
  /** MB (10^6 bytes). */
  memory: number;
  cores: number;
  cpu_shares: number;
  /** Seconds. */
  idle_timeout: number;
  network: boolean;
  member_host: boolean;
}

export interface Project {
  project_id: string;
  title: string;
  description: string;
  state: ProjectState;
  state_changed: string | null;
  state_detail: string;
  host: string | null;
  users: Person[];
  created: string;
  last_edited: string | null;
  last_saved: string | null;
  quota: Quota;
}

export interface Entry {
  name: string;
  type: "file" | "directory" | "link" | "other";
  /** Bytes. */
  size: number;
  modified: string;
  target?: string | null;
}

export interface Listing {
  entries: Entry[];
  truncated: boolean;
}

export interface TextFile {
  content: string;
  modified: string;
  /** Bytes. */
  size: number;
}

export interface Written {
  modified: string;
  /** Bytes. */
  size: number;
}

export interface Snapshot {
  name: string;
  time: string;
}

/** A path as it was in a snapshot. */
export interface InSnapshot extends AtPath {
  snapshot: string;
}

export interface SnapshotFile {
  /** In base64. */
  content: string;
  modified: string;
  /** Bytes. */
  size: number;
}

export interface Restored {
  restored: string[];
  set_aside: string[];
}

export interface Port {
  port: number;
  /** The address that the program listens on, in the project's own network. */
  address: string;
  /** The program's name; empty if it cannot be told. */
  program: string;
}

/** A terminal of a project, whoever opened it. */
export interface TerminalSession {
  session: string;
  created: string;
  rows: number;
  columns: number;
  viewers: number;
  /** The program in the foreground. */
  command: string;
}

/** What a project uses. MB (10^6 bytes); tasks are processes and threads. */
export interface Usage {
  time: string;
  started: string | null;
  /** The last activity that was seen; a project without any stops after its idle time-out. */
  active: string | null;
  memory: number;
  memory_peak: number;
  memory_limit: number;
  disk: number;
  disk_limit: number;
  cores: number;
  cores_limit: number;
  cpu_seconds: number;
  tasks: number;
  tasks_peak: number;
  tasks_limit: number;
}

export interface UsageNow {
  /** Null while the project is closed. */
  usage: Usage | null;
  quota: Quota;
  /** The most that this site gives. */
  maximum: Quota;
  /** Which limits were reached, and what to do. */
  advice: { quota: "memory" | "disk" | "tasks" | "cores"; message: string }[];
}

/** What the owner of a project asks the administrators for; what is not named is to stay as it is. */
export interface QuotaRequest extends InProject {
  quota: Partial<Quota>;
  reason: string;
}

export interface Deleted {
  trash_id: string;
  /** Where it was. */
  path: string;
  deleted: string;
  type: Entry["type"];
  /** Bytes. */
  size: number;
}

export interface InProject {
  project_id: string;
}

export interface AtPath extends InProject {
  /** Relative to the project's home; "" is the home itself. */
  path: string;
}

export interface FromTo extends InProject {
  source: string;
  destination: string;
  overwrite?: boolean;
}

/** One change of a synchronised table. */
export interface Change<Row> {
  operation: "insert" | "update" | "delete";
  key: string;
  row?: Row | null;
}
