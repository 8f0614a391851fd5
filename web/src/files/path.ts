/** Paths relative to a project's home, with `/` between names; "" is the home itself. */

export const TRASH = ".trash";

export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

export const join = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`);

export const inTrash = (path: string): boolean => path === TRASH || path.startsWith(`${TRASH}/`);

/** Whether a name can be given to an entry of a folder. */
export function isName(name: string): boolean {
  if (name === "" || name === "." || name === "..") return false;
  if (name.includes("/") || name.includes("\0")) return false;
  return new TextEncoder().encode(name).length <= 255;
}

/** Whether JupyterLab is what opens it. */
export const isNotebook = ({ name, type }: { name: string; type: string }): boolean =>
  type !== "directory" && /\.ipynb$/i.test(name);

/** The folders on the way to `path`, the home first. */
export function wayTo(path: string): { name: string; path: string }[] {
  const names = path === "" ? [] : path.split("/");
  return names.map((name, index) => ({ name, path: names.slice(0, index + 1).join("/") }));
}

/** "notes (2).txt": a name that `taken` does not hold. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  let number = 2;
  while (taken.has(`${stem} (${number})${ending}`)) number += 1;
  return `${stem} (${number})${ending}`;
}
