import type { FakeInstance } from "./instance.ts";

const hours = (n: number) => new Date(Date.now() - n * 3_600_000).toISOString();

const PYTHON = `"""Sieve of Eratosthenes."""


def primes(limit: int) -> list[int]:
    """All primes below \`limit\`."""
    sieve = [True] * limit
    for n in range(2, int(limit**0.5) + 1):
        if sieve[n]:
            sieve[n * n :: n] = [False] * len(sieve[n * n :: n])
    return [n for n in range(2, limit) if sieve[n]]


print(primes(100))
`;

/** People, projects and files as in a small course. */
export function populate(instance: FakeInstance): void {
  instance.site.site_name = "University of Example";
  const ada = instance.addAccount({ administrator: true });
  const emmy = instance.addAccount({
    email_address: "emmy@example.org",
    first_name: "Emmy",
    last_name: "Noether",
  });
  const kurt = instance.addAccount({
    email_address: "kurt@example.org",
    first_name: "Kurt",
    last_name: "Gödel",
  });
  const algebra = instance.addProject(ada, {
    title: "Algebra, exercise 3",
    state_changed: hours(0.2),
    last_saved: hours(0.05),
    last_edited: hours(0.02),
  });
  instance.change(algebra.project_id, {
    users: [...algebra.users, { ...emmy, role: "collaborator" }, { ...kurt, role: "collaborator" }],
  });
  instance.addProject(emmy, {
    title: "Seminar: invariants",
    state: "opened",
    state_detail: "stopped by its idle time-out",
    state_changed: hours(26),
    last_edited: hours(27),
    users: [
      { ...emmy, role: "owner" },
      { ...ada, role: "collaborator" },
    ],
  });
  instance.addProject(ada, {
    title: "Notes on the Analytical Engine",
    state: "closed",
    state_changed: hours(700),
    last_edited: hours(700),
  });
  instance.addProject(ada, { title: "Numerics 2", state: "starting", last_edited: hours(50) });
  const id = algebra.project_id;
  instance.write(id, "primes.py", PYTHON, hours(1));
  instance.write(id, "README.md", "# Algebra, exercise 3\n\nDue on Friday.\n", hours(30));
  instance.write(id, "data/points.csv", "x,y\n1,2\n", hours(3));
  instance.write(id, "data/figure.png", "x".repeat(182_000), hours(3));
  instance.write(id, "notes/lecture 1.tex", "\\section{Groups}\n", hours(100));
  instance.write(id, "solution.ipynb", "{}", hours(2));
  for (let n = 1; n <= 10_000; n += 1) instance.write(id, `measurements/run-${n}.txt`, "0\n", hours(n / 10));
  const snapshots = instance.snapshots.get(id) ?? [];
  for (const age of [0.1, 0.2, 0.3, 1, 2, 3, 5, 8, 20, 22, 26, 30, 50, 100])
    snapshots.unshift({ name: hours(age), time: hours(age) });
}
