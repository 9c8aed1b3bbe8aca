import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { PairRecord } from "../../src/data/manifest.ts";
import { PairCache, pairCacheName, preparationVersion } from "../../src/data/pairCache.ts";
import { defaultPreprocess } from "../../src/data/preprocess/single.ts";
import { type PreparedPair, preparePair } from "../../src/data/preprocess.ts";
import { temporaryFolder } from "./folder.ts";
import { imageOf, writePairs } from "./pairs.ts";

const [height, width] = [16, 24];
const slotBytes = 8192 + 8 * height * width;
const shard = "000000.pack";

const preparedPair = (value: number): PreparedPair => ({
  ffdm: Float32Array.from({ length: height * width }, (_, index) => value + index / 7),
  sm: Float32Array.from({ length: height * width }, (_, index) => value - index / 3),
  ffdmBoxes: [[1 / 3, 2, 3, 4]],
  smBoxes: [[1, 2, 3, 4 / 3]],
  classes: [1],
  warnings: ["a warning"],
});

async function cacheOf(t: TestContext, maxBytes = 2 ** 30) {
  const folder = join(await temporaryFolder(t), "cache");
  return { folder, cache: new PairCache({ folder, height, width, maxBytes }) };
}

test("a pair comes back to the bit, with its boxes, classes and warnings; others are absent", async (t) => {
  const { cache } = await cacheOf(t);
  const [first, second, third] = await writePairs(t, 3);
  assert.equal(await cache.read(second), "absent");
  await cache.write(second, preparedPair(2));
  assert.deepEqual(await cache.read(second), preparedPair(2));
  assert.equal(await cache.read(first), "absent");
  assert.equal(await cache.read(third), "absent");
});

test("places far apart lie in shards of their own", async (t) => {
  const { cache, folder } = await cacheOf(t);
  const [record] = await writePairs(t, 1);
  const rows = [2, 30_000, 60_000].map((row): PairRecord => ({ ...record, row }));
  for (const row of rows) await cache.write(row, preparedPair(row.row));
  for (const row of rows) assert.deepEqual(await cache.read(row), preparedPair(row.row));
  assert.deepEqual((await readdir(folder)).toSorted(), [shard, "000001.pack", "000002.pack"]);
});

test("a pair whose file or boxes have changed is stale", async (t) => {
  const { cache } = await cacheOf(t);
  const [, record] = await writePairs(t, 2);
  await cache.write(record, preparedPair(1));
  assert.equal(await cache.read({ ...record, smBoxes: [[4, 6, 12, 19]] }), "stale");
  assert.deepEqual(await cache.read(record), preparedPair(1));
  await utimes(record.sm, new Date(0), new Date(0));
  assert.equal(await cache.read(record), "stale");
});

test("a pair with any byte changed is damaged, and one cut short is absent", async (t) => {
  const { cache, folder } = await cacheOf(t);
  const [record] = await writePairs(t, 1);
  await cache.write(record, preparedPair(1));
  const file = join(folder, shard);
  const whole = await readFile(file);
  assert.equal(whole.length, slotBytes);
  for (const place of [4, 8, 15, 16, 31, 32, 200, 8191, 8192, 9000, slotBytes - 1]) {
    const changed = Buffer.from(whole);
    changed[place] ^= 1;
    await writeFile(file, changed);
    assert.equal(await cache.read(record), "damaged", `byte ${place}`);
  }
  await writeFile(file, whole);
  await truncate(file, slotBytes - 1);
  assert.equal(await cache.read(record), "absent");
  await cache.write(record, preparedPair(1));
  assert.deepEqual(await cache.read(record), preparedPair(1));
});

test("what has no room is neither written nor read", async (t) => {
  const { cache } = await cacheOf(t, 2 * slotBytes);
  const pairs = await writePairs(t, 3);
  for (const record of pairs) await cache.write(record, preparedPair(record.row));
  assert.deepEqual(await cache.read(pairs[1]), preparedPair(3));
  assert.equal(await cache.read(pairs[2]), "absent");
  const warnings = ["long ".repeat(2000)];
  await cache.write(pairs[0], { ...preparedPair(1), warnings });
  assert.deepEqual(await cache.read(pairs[0]), preparedPair(2));
});

test("a folder that cannot be written is the caller's to report", async (t) => {
  const folder = join(await temporaryFolder(t), "file");
  await writeFile(folder, "");
  const cache = new PairCache({ folder, height, width, maxBytes: 2 ** 30 });
  const [record] = await writePairs(t, 1);
  await assert.rejects(cache.write(record, preparedPair(1)), /EEXIST|ENOTDIR/);
  assert.equal(await cache.read(record), "absent");
});

test("the cache's name changes with every setting", () => {
  const settings = { height, width, preprocess: defaultPreprocess };
  const names = [
    pairCacheName("a.csv", settings),
    pairCacheName("b.csv", settings),
    pairCacheName("a.csv", { ...settings, height: 32 }),
    pairCacheName("a.csv", { ...settings, width: 32 }),
    pairCacheName("a.csv", { ...settings, preprocess: { ...defaultPreprocess, crop: false } }),
    pairCacheName("a.csv", { ...settings, preprocess: { ...defaultPreprocess, spacing: 0.2 } }),
  ];
  assert.equal(new Set(names).size, names.length);
});

test("preparation gives the bytes that the cache's version stands for", async (t) => {
  const [, record] = await writePairs(t, 2);
  const prepared = preparePair(
    record,
    imageOf("version ffdm", 40, 60),
    imageOf("version sm", 20, 30),
    height,
    width,
  );
  const hash = createHash("sha256");
  for (const image of [prepared.ffdm, prepared.sm]) hash.update(new Uint8Array(image.buffer));
  assert.deepEqual(
    [preparationVersion, hash.digest("hex").slice(0, 16)],
    [2, "f064b2daaddc9504"],
    "preparePair gives other bytes than before: raise preparationVersion, and note the new hash here",
  );
});
