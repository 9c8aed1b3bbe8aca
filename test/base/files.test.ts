import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { UserError } from "../../src/base/errors.ts";
import { packageRoot, writeFileAtomically } from "../../src/base/files.ts";

const folder = mkdtempSync(join(tmpdir(), "diptych-files-"));
after(() => rmSync(folder, { recursive: true }));

test("a file is replaced whole, and folders are made", async () => {
  const path = join(folder, "a", "b.txt");
  await writeFileAtomically(path, "old");
  await writeFileAtomically(path, "new");
  assert.equal(readFileSync(path, "utf8"), "new");
  assert.deepEqual(readdirSync(join(folder, "a")), ["b.txt"]);
});

test("when the disk takes no more, the previous content stays, one line says so, and nothing is left behind", async () => {
  const path = join(folder, "full", "checkpoint");
  await writeFileAtomically(path, "valid");
  const program = join(packageRoot(), "dist", "test", "fixtures", "writeFile.mjs");
  // The kernel refuses to let a file grow beyond the limit in the middle of the write, as a full disk would.
  const limited = `ulimit -f 8; exec "${process.execPath}" "${program}" "${path}"`;
  const printed = execFileSync("bash", ["-c", limited], { encoding: "utf8" });
  assert.match(printed, /checkpoint: cannot be written \(EFBIG: file too large, write\)\n$/);
  assert.equal(readFileSync(path, "utf8"), "valid");
  assert.deepEqual(readdirSync(join(folder, "full")), ["checkpoint"]);
});

test("a path that cannot be written is named", () =>
  assert.rejects(writeFileAtomically(join(folder, "a", "b.txt", "c"), "x"), (error: Error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /b\.txt\/c: cannot be written/);
    return true;
  }));
