// Runs every built test file, or those whose path contains an argument, and ends with "N passed, N failed".
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";

// A user's tuning cache must change no test.
process.env.DIPTYCH_TUNING = "off";

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "dist", "test");
const wanted = process.argv.slice(2);
const files = readdirSync(folder, { recursive: true })
  .filter(
    (file) =>
      file.endsWith(".test.mjs") && (wanted.length === 0 || wanted.some((part) => file.includes(part))),
  )
  .sort()
  .map((file) => join(folder, file));

const counts = { pass: 0, fail: 0, cancelled: 0 };
// One file at a time: each has a device of its own, and a software adapter uses every core for one dispatch.
const tests = run({ files, concurrency: 1 });
tests.on("test:diagnostic", ({ message }) => {
  const [, kind, count] = /^(pass|fail|cancelled) (\d+)$/.exec(message) ?? [];
  if (kind) counts[kind] = Number(count);
});
tests.compose(new spec()).pipe(process.stdout);
process.on("exit", () => {
  const failed = counts.fail + counts.cancelled;
  console.log(`${counts.pass} passed, ${failed} failed`);
  if (failed > 0 || counts.pass === 0) process.exitCode = 1;
});
