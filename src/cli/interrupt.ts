import { UserError } from "../base/errors.ts";
import type { Reporter } from "../base/reporter.ts";

/** Turns the first Ctrl-C (or SIGTERM) into a request to save and stop; the second ends the process at once. */
export function watchForInterrupt(reporter: Reporter) {
  const controller = new AbortController();
  const signals = ["SIGINT", "SIGTERM"] as const;
  const listen = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new UserError("stopped before training began"));
    reporter.note("stopping after this step; once more to stop at once without saving");
  };
  for (const signal of signals) process.on(signal, listen);
  return {
    signal: controller.signal,
    stop() {
      for (const signal of signals) process.off(signal, listen);
    },
  };
}
