/** The path in the project that a reference in a text of `folder` means; null if it leads elsewhere, or is none. */
export function resolve(folder: string, reference: string): string | null {
  const [before = ""] = reference.split(/[?#]/);
  if (before === "" || /^([a-z][a-z0-9+.-]*:|\/\/)/i.test(before)) return null;
  let path: string;
  try {
    path = decodeURIComponent(before);
  } catch {
    return null;
  }
  const names = path.startsWith("/") || folder === "" ? [] : folder.split("/");
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) return null;
  }
  return names.join("/");
}
