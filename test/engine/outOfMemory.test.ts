import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../src/base/files.ts";

test("when memory runs out, the plan's peak and the largest tensor are named", () => {
  const program = join(packageRoot(), "dist", "test", "fixtures", "outOfMemory.mjs");
  // 8 GB of address space: enough for Node and the driver, not for the plan. On the embedded adapter, because lavapipe
  // takes its memory from files, which the limit does not count.
  const limited = `ulimit -v 8000000; exec "${process.execPath}" "${program}"`;
  const printed = execFileSync("bash", ["-c", limited], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, DIPTYCH_ADAPTER: "embedded" },
  });
  assert.match(
    printed,
    /UserError: large step: out of memory: the plan's peak is [\d.]+ MiB, its largest tensor \S+ \[\d+\]: use a smaller --batch/,
  );
});
