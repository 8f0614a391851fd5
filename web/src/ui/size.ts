const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** A size in bytes as people read it: "1.2 MB" (powers of 1000, as quotas are). */
export function readableSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 10 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ""}`;
}
