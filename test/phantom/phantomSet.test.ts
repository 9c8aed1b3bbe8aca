import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { UserError } from "../../src/base/errors.ts";
import { readImage } from "../../src/data/image.ts";
import { readManifest } from "../../src/data/manifest.ts";
import { generatePhantomSet, type PhantomSetOptions } from "../../src/phantom/phantomSet.ts";
import type { LesionRecord } from "../../src/phantom/simulatePair.ts";
import { sharedEngine } from "../helpers/engine.ts";

const engine = sharedEngine();

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "diptych-phantom-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const smallSet = (folder: string): PhantomSetOptions => ({
  folder,
  patients: 6,
  seed: 2,
  rows: 104,
  columns: 112,
  spacing: 0.3,
});

async function digests(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true })).sort();
  const found: Record<string, string> = {};
  for (const name of names)
    if ((await stat(join(folder, name))).isFile())
      found[name] = createHash("sha256")
        .update(await readFile(join(folder, name)))
        .digest("hex");
  return found;
}

test("a set reads back as pairs, is the same when made again, and is reused", async (t) => {
  const parent = await temporaryFolder(t);
  const progress: string[] = [];
  const folder = join(parent, "one");
  const options = smallSet(folder);
  const path = await generatePhantomSet(engine.current, {
    ...options,
    onProgress: (done, total) => progress.push(`${done}/${total}`),
  });
  assert.deepEqual(progress, ["1/6", "2/6", "3/6", "4/6", "5/6", "6/6"]);
  const { pairs, classes } = await readManifest(path);
  assert.equal(pairs.length, 12);
  assert.ok(classes.every((label) => ["calcification", "distortion", "mass"].includes(label)));
  for (const pair of pairs)
    for (const [file, boxes] of [
      [pair.ffdm, pair.ffdmBoxes],
      [pair.sm, pair.smBoxes],
    ] as const) {
      const image = await readImage(file);
      assert.deepEqual([image.width, image.height, image.bits, image.spacing], [112, 104, 14, [0.3, 0.3]]);
      for (const [top, left, bottom, right] of boxes) {
        assert.ok(top >= 0 && left >= 0 && bottom <= 104 && right <= 112);
        assert.ok(bottom - top >= 6 && right - left >= 6);
      }
    }
  const listed = JSON.parse(await readFile(join(folder, "lesions.json"), "utf8"));
  assert.equal(listed.length, pairs.flatMap((pair) => pair.classes).length);
  assert.ok(
    listed.every(
      ({ contrast, radius, detectability }: LesionRecord) =>
        contrast !== 0 && radius > 1 && (detectability.ffdm === null || detectability.ffdm > 0),
    ),
  );

  const made = await digests(folder);
  await generatePhantomSet(engine.current, { ...smallSet(join(parent, "two")) });
  assert.deepEqual(await digests(join(parent, "two")), made);
  const { mtimeMs } = await stat(path);
  assert.equal(await generatePhantomSet(engine.current, options), path);
  assert.equal((await stat(path)).mtimeMs, mtimeMs);
  await assert.rejects(
    generatePhantomSet(engine.current, { ...options, seed: 3 }),
    /holds another set .*"seed":2/,
  );
  assert.deepEqual((await readdir(parent)).sort(), ["one", "two"]);
});

test("an aborted run leaves nothing, and what a killed run has left is removed", async (t) => {
  const parent = await temporaryFolder(t);
  const { pid } = spawnSync(process.execPath, ["--version"]);
  await mkdir(join(parent, `.set.${pid}.part`, "images"), { recursive: true });
  const controller = new AbortController();
  const stopped = new Error("stopped");
  const run = generatePhantomSet(engine.current, {
    ...smallSet(join(parent, "set")),
    signal: controller.signal,
    onProgress: () => controller.abort(stopped),
  });
  await assert.rejects(run, stopped);
  assert.deepEqual(await readdir(parent), []);
});

test("bad options and folders are refused by name", async (t) => {
  const parent = await temporaryFolder(t);
  const options = smallSet(join(parent, "set"));
  await assert.rejects(
    generatePhantomSet(engine.current, { ...options, rows: 127 }),
    /^UserError: rows 127: must be an even/,
  );
  await assert.rejects(
    generatePhantomSet(engine.current, { ...options, columns: 64 }),
    /columns 64 at 0.3 mm: .*30 mm/,
  );
  await assert.rejects(generatePhantomSet(engine.current, { ...options, spacing: Number.NaN }), UserError);
  await assert.rejects(
    generatePhantomSet(engine.current, { ...options, patients: 3 }),
    /3 patients: .*at least 6/,
  );
  assert.deepEqual(await readdir(parent), []);
  await mkdir(options.folder);
  await writeFile(join(options.folder, "notes.txt"), "mine");
  await assert.rejects(generatePhantomSet(engine.current, options), /holds other files/);
  assert.deepEqual(await readdir(options.folder), ["notes.txt"]);
  await assert.rejects(
    generatePhantomSet(engine.current, { ...options, folder: join(options.folder, "notes.txt") }),
    UserError,
  );
});

/** Pearson's correlation. */
function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const mean = (values: ArrayLike<number>) =>
    Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - meanA) * (b[i] - meanB);
    aa += (a[i] - meanA) ** 2;
    bb += (b[i] - meanB) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

test("a pair of systems shows the same breasts, in columns of the systems' names", async (t) => {
  const folder = join(await temporaryFolder(t), "pair");
  const options = { ...smallSet(folder), rows: 64, columns: 64, spacing: 0.5, pair: "siemens" as const };
  const path = await generatePhantomSet(engine.current, options);
  await assert.rejects(readManifest(path), new UserError(`${path}: row 1: has no column ffdm`));
  const { pairs } = await readManifest(path, undefined, { ffdm: "siemens", sm: "hologic" });
  for (const pair of pairs) {
    const [first, second] = [await readImage(pair.ffdm), await readImage(pair.sm)];
    const same = correlation(first.data, second.data);
    assert.ok(same > 0.7 && same < 0.9999, `${pair.patient} ${pair.view}: ${same}`);
    assert.deepEqual(pair.ffdmBoxes, pair.smBoxes, "slices show a thing at its place, whatever the system");
  }
  await assert.rejects(
    generatePhantomSet(engine.current, { ...options, folder: `${folder}-2`, pair: "hologic" }),
    new UserError("pair hologic: must be another system than the first"),
  );
});
