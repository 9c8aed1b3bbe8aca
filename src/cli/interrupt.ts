import type { Reporter } from "../base/reporter.ts";

/** Turns the first Ctrl-C (or SIGTERM) into a request to save and stop; the second ends the process at once. */
export function watchForInterrupt(reporter: Reporter) {
  let requested = false;
  const signals = ["SIGINT", "SIGTERM"] as const;
  const listen = () => {
    if (requested) process.exit(130);
    requested = true;
    reporter.note("stopping after this step; once more to stop at once without saving");
  };
  for (const signal of signals) process.on(signal, listen);
  return {
    requested: () => requested,
    stop() {
      for (const signal of signals) process.off(signal, listen);
    },
  };
}
