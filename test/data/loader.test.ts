import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Worker } from "node:worker_threads";
import { UserError } from "../../src/base/errors.ts";
import type { AugmentOptions } from "../../src/data/augment.ts";
import type { Batch } from "../../src/data/batch.ts";
import { writeDicomImage } from "../../src/data/dicom/writer.ts";
import { readImage } from "../../src/data/image.ts";
import { type LoaderOptions, PairLoader } from "../../src/data/loader.ts";
import type { PairRecord } from "../../src/data/manifest.ts";
import { preparePair } from "../../src/data/preprocess.ts";
import { temporaryFolder } from "./folder.ts";
import { imageOf, writePairs } from "./pairs.ts";

const height = 16;
const width = 24;
const area = height * width;

const augment: AugmentOptions = {
  flip: 0.5,
  shift: 0.1,
  scale: [0.9, 1.1],
  gain: [0.9, 1.1],
  offset: [-0.1, 0.1],
};

const plain: LoaderOptions = { height, width, batch: 3, maxBoxes: 2, seed: 5, shuffle: false, workers: 1 };
const varied: LoaderOptions = { ...plain, shuffle: true, augment };

/** Everything that a new loader gives for some epochs. */
async function load(
  pairs: readonly PairRecord[],
  options: LoaderOptions,
  epochs = [0],
  firstBatch = 0,
): Promise<Batch[]> {
  const loader = new PairLoader(pairs, options);
  try {
    const batches: Batch[] = [];
    for (const epoch of epochs)
      for await (const batch of loader.batches(epoch, firstBatch)) batches.push(batch);
    return batches;
  } finally {
    await loader.close();
  }
}

test("a batch holds its pairs on the grid, with their boxes and classes in their slots", async (t) => {
  const pairs = await writePairs(t, 3);
  const [batch] = await load(pairs, plain);
  assert.deepEqual(batch.indices, [0, 1, 2]);
  for (const [index, record] of pairs.entries()) {
    const expected = preparePair(
      record,
      await readImage(record.ffdm),
      await readImage(record.sm),
      height,
      width,
    );
    assert.deepEqual(batch.ffdm.slice(index * area, (index + 1) * area), expected.ffdm);
    assert.deepEqual(batch.sm.slice(index * area, (index + 1) * area), expected.sm);
  }
  const none = [-1, -1, -1, -1];
  // The grid is 0.4 of the FFDM and 0.8 of the SM, along both axes.
  const first = [3.2, 4.8, 9.6, 14.4];
  const second = [4, 4.8, 9.6, 15.2];
  const expected = Float32Array.from([none, none, first, none, first, second].flat());
  for (const boxes of [batch.ffdmBoxes, batch.smBoxes])
    boxes.forEach((edge, index) => {
      assert.ok(Math.abs(edge - expected[index]) < 1e-5, `${index}: ${edge}, ${expected[index]}`);
    });
  assert.equal(batch.ffdmBoxes.length, expected.length);
  assert.deepEqual(batch.classes, Int32Array.of(-1, -1, 1, -1, 1, 2));
});

test("batches are the same to the bit for any number of workers, and with or without memory for pairs", async (t) => {
  const pairs = await writePairs(t, 8);
  const reference = await load(pairs, varied, [0, 1]);
  assert.equal(reference.length, 6);
  for (const change of [
    { workers: 2 },
    { workers: 3, ahead: 5 },
    { memoryBytes: 0 },
    { memoryBytes: 3 * 8 * area },
  ])
    assert.deepEqual(await load(pairs, { ...varied, ...change }, [0, 1]), reference, JSON.stringify(change));
});

test("an epoch resumed in its middle gives the batches that were left", async (t) => {
  const pairs = await writePairs(t, 8);
  const whole = await load(pairs, varied, [4]);
  assert.deepEqual(await load(pairs, varied, [4], 1), whole.slice(1));
  assert.deepEqual(await load(pairs, varied, [4], 3), []);
});

test("every epoch visits every pair once, in another order and variation", async (t) => {
  const pairs = await writePairs(t, 8);
  const epochs = [await load(pairs, varied, [0]), await load(pairs, varied, [1])];
  const orders = epochs.map((batches) => batches.flatMap(({ indices }) => indices));
  for (const order of orders) assert.deepEqual(order.toSorted(), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.notDeepEqual(orders[0], orders[1]);
  const imageOfPair = (epoch: number, pair: number) => {
    const place = orders[epoch].indexOf(pair);
    return epochs[epoch][Math.floor(place / 3)].ffdm.slice((place % 3) * area, ((place % 3) + 1) * area);
  };
  assert.notDeepEqual(imageOfPair(0, 2), imageOfPair(1, 2));
  assert.notDeepEqual(
    orders[0],
    (await load(pairs, { ...varied, seed: 6 })).flatMap(({ indices }) => indices),
  );
});

test("an incomplete last batch is filled with its last pair, or left out", async (t) => {
  const pairs = await writePairs(t, 5);
  const [, last] = await load(pairs, plain);
  assert.deepEqual(last.indices, [3, 4]);
  assert.equal(last.ffdm.length, 3 * area);
  assert.deepEqual(last.ffdm.slice(2 * area), last.ffdm.slice(area, 2 * area));
  assert.deepEqual(last.classes.slice(4), last.classes.slice(2, 4));
  const dropped = await load(pairs, { ...plain, dropLast: true });
  assert.deepEqual(
    dropped.map(({ indices }) => indices),
    [[0, 1, 2]],
  );
});

test("later epochs read no file again while there is memory for the pairs", async (t) => {
  const pairs = await writePairs(t, 3);
  for (const [memoryBytes, read] of [
    [2 ** 20, false],
    [0, true],
  ] as const) {
    const loader = new PairLoader(pairs, { ...plain, memoryBytes });
    t.after(() => loader.close());
    const first = await loader.batches(0).next();
    await rm(pairs[1].sm, { force: true });
    const second = loader.batches(1).next();
    if (read) await assert.rejects(second, new UserError(`${pairs[1].sm}: no such file`));
    else assert.deepEqual(await second, first);
    await writeDicomImage(pairs[1].sm, imageOf("again", 20, 30), {
      kind: "sm",
      patient: "P1",
      side: "L",
      view: "CC",
      seriesDescription: "",
      uidSource: "test",
    });
  }
});

test("what is wrong with a pair reaches the consumer in its turn, as one line", async (t) => {
  const pairs = await writePairs(t, 9);
  await writeFile(pairs[4].sm, "no image");
  const loader = new PairLoader(pairs, { ...plain, workers: 2 });
  t.after(() => loader.close());
  const batches = loader.batches(0);
  assert.deepEqual((await batches.next()).value?.indices, [0, 1, 2]);
  await assert.rejects(batches.next(), new UserError(`${pairs[4].sm}: neither a PNG nor a DICOM file`));
  const outside = pairs.with(1, { ...pairs[1], smBoxes: [[0, 0, 99, 9]] });
  await assert.rejects(load(outside, plain), /^UserError: manifest row 3: SM box 0 0 99 9 lies outside /);
});

test("more boxes than slots, and too few pairs for a batch, are refused before anything is read", () => {
  const record = { row: 7, classes: [1, 1, 1] } as unknown as PairRecord;
  assert.throws(
    () => new PairLoader([record], plain),
    new UserError("manifest row 7: has 3 boxes: must be at most 2"),
  );
  assert.throws(() => new PairLoader([], plain), new UserError("0 pairs: too few for a batch of 3"));
  assert.throws(
    () => new PairLoader([record], { ...plain, dropLast: true }),
    new UserError("1 pairs: too few for a batch of 3"),
  );
});

test("a consumer may leave early, and waiting is counted", async (t) => {
  const pairs = await writePairs(t, 8);
  const loader = new PairLoader(pairs, plain);
  t.after(() => loader.close());
  assert.equal(loader.waitSeconds, 0);
  for await (const _ of loader.batches(0)) break;
  const waited = loader.waitSeconds;
  assert.ok(waited > 0);
  // The other batches of the epoch are under way: given time, they are there at once.
  const batches = loader.batches(1);
  await batches.next();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const before = loader.waitSeconds;
  await batches.next();
  assert.ok(loader.waitSeconds - before < 0.05, `${loader.waitSeconds - before} s`);
});

test("closing ends every worker thread, also in the middle of an epoch", async (t) => {
  const threads: Worker[] = [];
  onNewWorker(t, (worker) => threads.push(worker));
  const loader = new PairLoader(await writePairs(t, 9), { ...plain, workers: 2 });
  const batches = loader.batches(0);
  await batches.next();
  assert.equal(threads.length, 2);
  assert.ok(threads.every(({ threadId }) => threadId > 0));
  await loader.close();
  assert.ok(threads.every(({ threadId }) => threadId === -1));
});

const diskCache = (folder: string): LoaderOptions => ({
  ...varied,
  memoryBytes: 0,
  cache: { folder, height, width, maxBytes: 2 ** 30 },
});

/** Batches of an epoch, and the loader's counts and news after it. */
async function loadAndCount(pairs: readonly PairRecord[], options: LoaderOptions) {
  const loader = new PairLoader(pairs, options);
  try {
    const batches: Batch[] = [];
    for await (const batch of loader.batches(0)) batches.push(batch);
    return { batches, counts: loader.counts, news: loader.takeNews() };
  } finally {
    await loader.close();
  }
}

const noCounts = { memory: 0, cache: 0, files: 0, stale: 0, damaged: 0, deaths: 0, skipped: 0 };

test("batches from the disk cache are those from the files, to the bit; what is damaged or stale is made again", async (t) => {
  const pairs = await writePairs(t, 8);
  const folder = join(await temporaryFolder(t), "cache");
  const options = diskCache(folder);
  const reference = await load(pairs, { ...varied, memoryBytes: 0 });
  const cold = await loadAndCount(pairs, { ...options, workers: 2 });
  assert.deepEqual([cold.batches, cold.counts, cold.news], [reference, { ...noCounts, files: 8 }, []]);
  const warm = await loadAndCount(pairs, options);
  assert.deepEqual([warm.batches, warm.counts, warm.news], [reference, { ...noCounts, cache: 8 }, []]);

  const shard = join(folder, "000000.pack");
  const bytes = await readFile(shard);
  bytes[3 * (bytes.length / 8) + 9000] ^= 1;
  await writeFile(shard, bytes);
  await utimes(pairs[5].ffdm, new Date(0), new Date(0));
  const mended = await loadAndCount(pairs, options);
  assert.deepEqual(mended.batches, reference);
  assert.deepEqual(mended.counts, { ...noCounts, cache: 6, files: 2, stale: 1, damaged: 1 });
  assert.deepEqual(mended.news, [
    "cache: 1 pairs were of other files or boxes than now, and were made again",
    "cache: 1 pairs were damaged, and were made again",
  ]);
  assert.deepEqual((await loadAndCount(pairs, options)).counts, { ...noCounts, cache: 8 });
});

test("a cache that cannot be written is reported once, and the pairs come from their files", async (t) => {
  const pairs = await writePairs(t, 8);
  const folder = join(await temporaryFolder(t), "file");
  await writeFile(folder, "");
  const { batches, counts, news } = await loadAndCount(pairs, diskCache(folder));
  assert.deepEqual(batches, await load(pairs, varied));
  assert.deepEqual(counts, { ...noCounts, files: 8 });
  assert.equal(news.length, 1);
  assert.match(news[0], /^cache: .*(EEXIST|ENOTDIR).*: no more pairs are kept on disk$/);
});

test("a pair that cannot be read stops the epoch, or gives its place to the first of its batch", async (t) => {
  const pairs = await writePairs(t, 6);
  await writeFile(pairs[4].sm, "no image");
  const failure = `${pairs[4].sm}: neither a PNG nor a DICOM file`;
  await assert.rejects(load(pairs, plain), new UserError(failure));
  const { batches, counts, news } = await loadAndCount(pairs, { ...plain, unreadable: "skip" });
  assert.deepEqual(
    batches.map(({ indices }) => indices),
    [
      [0, 1, 2],
      [3, 3, 5],
    ],
  );
  assert.deepEqual([counts.skipped, news], [1, [`skipped: ${failure}`]]);
  for (const pair of pairs.slice(3)) await writeFile(pair.sm, "no image");
  await assert.rejects(load(pairs, { ...plain, unreadable: "skip" }), /neither a PNG nor a DICOM file/);
});

/** Hands over every worker thread that is started from now on. */
function onNewWorker(t: TestContext, use: (worker: Worker) => void): void {
  const note = (message: unknown) => use((message as { worker: Worker }).worker);
  subscribe("worker_threads", note);
  t.after(() => unsubscribe("worker_threads", note));
}

test("a worker that dies is replaced, and its pair loaded again", async (t) => {
  const pairs = await writePairs(t, 12);
  const threads: Worker[] = [];
  onNewWorker(t, (worker) => threads.push(worker));
  const loader = new PairLoader(pairs, { ...varied, ahead: 5 });
  t.after(() => loader.close());
  const batches: Batch[] = [];
  for await (const batch of loader.batches(0)) {
    if (batches.push(batch) === 1) await threads[0].terminate();
  }
  assert.equal(threads.length, 2);
  assert.deepEqual(batches, await load(pairs, varied));
  assert.deepEqual(loader.counts, { ...noCounts, files: 12, deaths: 1 });
  assert.deepEqual(loader.takeNews(), ["1 loader threads died; their pairs were loaded again by others"]);
});

test("a pair on which every worker dies is named", async (t) => {
  const [record, ...rest] = await writePairs(t, 3);
  // A worker's first message says that it is ready, and brings it its first pair.
  onNewWorker(t, (worker) => worker.once("message", () => setImmediate(() => worker.terminate())));
  const loader = new PairLoader([record, ...rest], { ...plain, batch: 1, ahead: 0 });
  t.after(() => loader.close());
  await assert.rejects(
    loader.batches(0).next(),
    new UserError(`manifest row 2: 3 loader threads died on it: ${record.ffdm}, ${record.sm}`),
  );
});

test("what preparing has to say of a pair is told once, from files and from the cache", async (t) => {
  const pairs = (await writePairs(t, 9)).map((pair) => ({ ...pair, side: "R" as const }));
  const options = diskCache(join(await temporaryFolder(t), "cache"));
  const loader = new PairLoader(pairs, { ...options, workers: 1 });
  t.after(() => loader.close());
  for await (const _ of loader.batches(0));
  const news = loader.takeNews();
  assert.equal(news.length, 6);
  assert.match(news[0], /^manifest row \d+: side is R, .*-ffdm.dcm says L$/);
  assert.equal(news[5], "13 more lines of this kind: diptych inspect --manifest shows all");
  for await (const _ of loader.batches(1));
  assert.deepEqual(loader.takeNews(), []);
  assert.equal((await loadAndCount(pairs, options)).news.length, 6);
});

test("a share of an epoch goes to pairs with lesions, whatever their number", async (t) => {
  // Pair i has i modulo 3 lesions: two thirds of them have some.
  const pairs = await writePairs(t, 12);
  for (const [positives, wanted] of [
    [0.25, 3],
    [1, 12],
    [null, 8],
  ] as const) {
    const batches = await load(pairs, { ...varied, positives });
    const shown = batches.flatMap(({ indices }) => indices);
    assert.equal(shown.length, 12);
    assert.equal(shown.filter((index) => index % 3 > 0).length, wanted, `${positives}`);
  }
});

test("pairs of a batch are blended, alike in both images and in every run", async (t) => {
  const pairs = await writePairs(t, 6);
  const still = { ...augment, flip: 0, shift: 0, scale: [1, 1], gain: [1, 1], offset: [0, 0] } as const;
  const mixed = await load(pairs, { ...plain, augment: { ...still, mix: 1 } });
  assert.deepEqual(await load(pairs, { ...plain, workers: 2, augment: { ...still, mix: 1 } }), mixed);
  const apart = await load(pairs, { ...plain, augment: { ...still, mix: 0 } });
  for (const [number, batch] of mixed.entries())
    for (const half of ["ffdm", "sm"] as const)
      assert.ok(
        batch[half].some((value, i) => value !== apart[number][half][i]),
        `batch ${number}, ${half}`,
      );
  // A blended pair has the lesions of both.
  const lesions = (batches: readonly Batch[]) =>
    batches.flatMap(({ classes }) => [...classes]).filter((label) => label > 0).length;
  assert.ok(lesions(mixed) > lesions(apart), `${lesions(mixed)} and ${lesions(apart)}`);
});
