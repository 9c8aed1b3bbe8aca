import { spawn } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../../src/base/files.ts";

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the command line as a user would, in `cwd`.
 * @param onOutput is called with all of stdout so far, and a way to signal the process.
 * @param environment is added to this process's own.
 */
export function runCli(
  args: readonly string[],
  cwd: string,
  onOutput?: (stdout: string, signal: (name: NodeJS.Signals) => void) => void,
  environment: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [join(packageRoot(), "bin", "diptych.mjs"), ...args], {
    cwd,
    env: { ...process.env, ...environment },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
    onOutput?.(stdout, (name) => child.kill(name));
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

/** What the command line itself wrote to stderr: drivers add warnings of their own. */
export const messages = ({ stderr }: Finished): string[] =>
  stderr.split("\n").filter((line) => /^(diptych|error):/.test(line));
