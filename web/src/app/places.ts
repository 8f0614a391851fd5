const encoded = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

/** The same for a path as the instance tells it: `\\xNN` in it is a byte that is no text, or a backslash. */
const encodedBytes = (path: string): string =>
  path
    .split(/(\\x[0-9a-f]{2})/)
    .map((part, index) => (index % 2 === 1 ? `%${part.slice(2).toUpperCase()}` : encoded(part)))
    .join("");

/** The addresses of places in a project. A path's slashes stay slashes; everything else in it is escaped. */
export const places = {
  projects: "/projects",
  account: "/account",
  project: (id: string) => `/projects/${id}`,
  folder: (id: string, path: string) => `/projects/${id}/files${path === "" ? "" : `/${encoded(path)}`}`,
  file: (id: string, path: string) => `/projects/${id}/edit/${encoded(path)}`,
  trash: (id: string) => `/projects/${id}/trash`,
  terminals: (id: string) => `/projects/${id}/terminals`,
  terminal: (id: string, session: string) => `/projects/${id}/terminals/${encodeURIComponent(session)}`,
  apps: (id: string) => `/projects/${id}/apps`,
  snapshots: (id: string, path = "") =>
    `/projects/${id}/snapshots${path === "" ? "" : `?path=${encodeURIComponent(path)}`}`,
  snapshot: (id: string, name: string, path = "") =>
    `/projects/${id}/snapshots/${encodeURIComponent(name)}${path === "" ? "" : `/${encoded(path)}`}`,
  people: (id: string) => `/projects/${id}/people`,
  settings: (id: string) => `/projects/${id}/settings`,
  /** A file as it is, to download and upload; a folder with `?zip`. */
  bytes: (id: string, path: string) => `/${id}/files/${encodedBytes(path)}`,
  jupyter: (id: string, path = "") => `/${id}/port/jupyter/lab${path === "" ? "" : `/tree/${encoded(path)}`}`,
  port: (id: string, port: number) => `/${id}/port/${port}/`,
};

const TOKEN = "next";

/** The sign-in page's address, from which the person comes back to `wanted`. */
export function signInFor(wanted: string, ended: boolean): string {
  const query = new URLSearchParams();
  if (wanted !== "/" && wanted !== places.projects) query.set(TOKEN, wanted);
  if (ended) query.set("ended", "1");
  const text = query.toString();
  return text === "" ? "/sign-in" : `/sign-in?${text}`;
}

/** Where to go after signing in: the place asked for if it is one of this instance, else the projects. */
export function placeAfter(query: URLSearchParams): string {
  const wanted = query.get(TOKEN) ?? "";
  const local = /^\/(?![/\\])/.test(wanted) && !wanted.startsWith("/sign-");
  return local ? wanted : places.projects;
}

/** Whether the place is served by a project and not by this page, so that the browser itself has to load it. */
export const isOutside = (place: string): boolean =>
  /^\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\//.test(place);
