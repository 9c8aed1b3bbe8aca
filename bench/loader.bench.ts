// What the loader gives and holds: a manifest's pairs, repeated to any number, are read cold and again from the disk cache.
//
//   npm run bench:loader -- MANIFEST PAIRS
import { linkSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { PairLoader } from "../src/data/loader.ts";
import { type Manifest, readManifest, writeManifest } from "../src/data/manifest.ts";

const [height, width, batch] = [128, 128, 8];
const mebibyte = 2 ** 20;
/** Far less than the pairs take, so that what is measured is the disk. */
const memoryBytes = 64 * mebibyte;
const reports = 10;

/** Pairs under new names, as hard links, 1,000 a folder. */
async function repeat({ pairs, classes }: Manifest, count: number, folder: string): Promise<string> {
  const rows = Array.from({ length: count }, (_, index) => {
    const pair = pairs[index % pairs.length];
    const repetition = Math.floor(index / pairs.length);
    const place = join(String(Math.floor(index / 1000)), String(index));
    mkdirSync(join(folder, place), { recursive: true });
    const link = (path: string) => {
      linkSync(path, join(folder, place, basename(path)));
      return join(place, basename(path));
    };
    const labels = pair.classes.map((label) => classes[label - 1]);
    const patient = `${pair.patient}-${repetition}`;
    return { ...pair, patient, labels, ffdm: link(pair.ffdm), sm: link(pair.sm) };
  });
  const path = join(folder, "pairs.csv");
  await writeManifest(path, rows);
  return path;
}

const residentMiB = (): number => process.memoryUsage.rss() / mebibyte;

interface Row {
  readonly pass: string;
  readonly pairs: number;
  readonly "images/s": number;
  readonly "resident MiB": number;
}

/** An epoch, with a row each tenth of it. */
async function pass(name: string, loader: PairLoader, epoch: number): Promise<Row[]> {
  const rows: Row[] = [];
  const every = Math.max(1, Math.floor(loader.batchesPerEpoch / reports));
  let [batches, since] = [0, performance.now()];
  for await (const _ of loader.batches(epoch)) {
    if (++batches % every !== 0) continue;
    const rate = (2 * batch * every * 1000) / (performance.now() - since);
    rows.push({
      pass: name,
      pairs: batches * batch,
      "images/s": Math.round(rate),
      "resident MiB": Math.round(residentMiB()),
    });
    since = performance.now();
  }
  return rows;
}

const [source, count] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "diptych-loader-"));
try {
  const path = await repeat(await readManifest(source), Number(count), folder);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const started = performance.now();
  const { pairs } = await readManifest(path);
  const seconds = (performance.now() - started) / 1000;
  globalThis.gc?.();
  const kept = (process.memoryUsage().heapUsed - before) / pairs.length;
  console.log(
    `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; ${pairs.length} pairs of ${height}x${width}; manifest read in ${seconds.toFixed(1)} s, ${kept.toFixed(0)} bytes a pair`,
  );
  const cache = { folder: join(folder, "cache"), height, width, maxBytes: Number.POSITIVE_INFINITY };
  const options = {
    height,
    width,
    batch,
    maxBoxes: 8,
    seed: 1,
    shuffle: true,
    workers: 2,
    memoryBytes,
    cache,
  };
  const loader = new PairLoader(pairs, options);
  try {
    console.table([...(await pass("files", loader, 0)), ...(await pass("cache", loader, 1))]);
    console.log(loader.counts, `peak ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
  } finally {
    await loader.close();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
