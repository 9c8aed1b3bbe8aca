// On what a run of the bench ran.
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { packageRoot, packageVersion } from "../src/base/files.ts";
import type { Engine } from "../src/engine/engine.ts";
import type { Environment } from "./result.ts";

/** The commit of the sources, with "+" where files differ from it; the package's version outside a repository. */
function commit(): string {
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", packageRoot(), ...args], { encoding: "utf8", stdio: "pipe" }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no") !== "";
    return git("rev-parse", "--short=12", "HEAD") + (changed ? "+" : "");
  } catch {
    return packageVersion();
  }
}

export function describeEnvironment({ adapter }: Engine, timerQuantum: number): Environment {
  const processors = cpus();
  return {
    adapter: adapter.name,
    kind: adapter.kind,
    driver: adapter.driver,
    dawn: adapter.dawn,
    processor: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    commit: commit(),
    date: new Date().toISOString(),
    timerQuantum,
  };
}
