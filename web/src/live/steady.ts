/** Between two looks at the same thing at least so long passes (milliseconds), and a multiple of what the last one took. */
const PAUSE = 400;
const TIMES = 3;

/**
 * Makes `work` calm: called while it runs or just after, it runs once more later, however often it was called. A folder in
 * which a program writes all the time is so looked at as often as that is cheap.
 */
export function steady(work: () => Promise<unknown>): { run: () => void; stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  let again = false;
  let stopped = false;
  const turn = async () => {
    busy = true;
    again = false;
    const begun = performance.now();
    try {
      await work();
    } finally {
      if (!stopped) timer = setTimeout(rest, PAUSE + TIMES * (performance.now() - begun));
    }
  };
  const rest = () => {
    busy = false;
    if (again) void turn();
  };
  return {
    run: () => {
      again = true;
      if (!busy && !stopped) void turn();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
