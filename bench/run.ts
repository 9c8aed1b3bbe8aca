// Times variants of kernels at shapes, in rounds over all of them: what disturbs the machine for a while then falls on a
// few rounds of every row instead of on all samples of some, and shows as their spread.
import type { Reporter } from "../src/base/reporter.ts";
import { CeilingProbes, type CeilingRates, describeCeilings } from "../src/engine/ceilings.ts";
import type { Engine } from "../src/engine/engine.ts";
import { type Candidate, candidateBytes, prepareCandidate } from "./candidate.ts";
import { describeEnvironment } from "./environment.ts";
import { type BenchResult, type Method, type RowTiming, resultFormat } from "./result.ts";
import { makeInstruments, releaseInstruments, Sampler } from "./sampler.ts";
import type { Wanted } from "./suites.ts";

export interface BenchOptions {
  /** A row is done when the intervals of its medians are relatively narrower than this, or after `seconds`. */
  readonly spread: number;
  readonly seconds: number;
  readonly rounds: number;
}

const flushBytes = 2 ** 26;
/** Rows whose buffers fit this many bytes are timed in turn; the next ones after them. */
const groupBytes = 2 ** 30;

const methodWords =
  "Checked against the float64 reference first. Rows are timed in rounds over all of them; a round takes, of each, " +
  "passes between two timestamps on buffers just used (hot), after overwriting a buffer larger than caches (cold), " +
  "of an empty kernel with the same bindings and workgroups (floor), and single submits on the host's clock (wall), " +
  "the first sample of hot, floor and wall dropped. A figure is the median over rounds of the round's median, its " +
  "interval the exact 95% one by order statistics.";

function describeMethod({ spread, seconds, rounds }: BenchOptions): Method {
  return { words: methodWords, spread, seconds, rounds, flushBytes };
}

/** Splits a list so that the buffers of each part fit together. */
function groups(wanted: readonly Wanted[]): Wanted[][] {
  const parts: Wanted[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of wanted) {
    bytes += candidateBytes(item);
    if (bytes > groupBytes) {
      parts.push([]);
      bytes = candidateBytes(item);
    }
    parts[parts.length - 1].push(item);
  }
  return parts;
}

function timingOf(sampler: Sampler, rates: CeilingRates, bound: number): RowTiming {
  const { flops, bytesRead, bytesWritten } = sampler.candidate.row;
  const [hot, cold] = [sampler.hot.measurement(bound), sampler.cold.measurement(bound)];
  const bytes = bytesRead + bytesWritten;
  const computing = (1e9 * flops) / rates.flopsPerSecond;
  const moving = (1e9 * bytes) / rates.copyBytesPerSecond;
  const roofline = Math.max(computing, moving);
  return {
    repeats: sampler.repeats,
    floor: sampler.floor.measurement(bound),
    hot,
    cold,
    wall: sampler.wall.measurement(bound),
    gflops: flops / hot.median,
    gigabytesPerSecond: bytes / hot.median,
    fraction: {
      ceiling: computing > moving ? "compute" : "memory",
      hot: roofline / hot.median,
      cold: roofline / cold.median,
    },
  };
}

/** Rounds over the samplers until each is within the spread or out of time; after every round the probes. */
async function sampleInRounds(
  samplers: readonly Sampler[],
  { spread, seconds, rounds }: BenchOptions,
  afterRound: () => Promise<void>,
  reporter: Reporter,
): Promise<void> {
  // Half of a row's time goes to the rounds that it gets at least, over four kinds of samples.
  const slice = (1e9 * seconds) / 2 / rounds / 4;
  let going = [...samplers];
  for (let round = 1; going.length > 0; round++) {
    const bar = reporter.progress(`round ${round} of ${rounds} or more`, going.length);
    for (const [index, sampler] of going.entries()) {
      bar.update(index, sampler.candidate.row.kernel);
      await sampler.round(slice);
    }
    bar.stop();
    await afterRound();
    if (round >= rounds)
      going = going.filter((sampler) => !sampler.within(spread) && sampler.spent < 1e9 * seconds);
  }
}

/** Compiles and checks a group; the candidates' buffers stay until they are released. */
async function prepareGroup(
  engine: Engine,
  group: readonly Wanted[],
  reporter: Reporter,
): Promise<Candidate[]> {
  const bar = reporter.progress("compiling and checking", group.length);
  const candidates: Candidate[] = [];
  for (const [index, wanted] of group.entries()) {
    bar.update(index, wanted.kernel.name);
    candidates.push(await prepareCandidate(engine, wanted));
  }
  bar.stop();
  return candidates;
}

/**
 * Checks and times every wanted variant. A wrong one gets a row without times.
 * @throws UserError when the adapter has no timestamps.
 */
export async function runBench(
  engine: Engine,
  wanted: readonly Wanted[],
  options: BenchOptions,
  reporter: Reporter,
): Promise<BenchResult> {
  const instruments = await makeInstruments(engine, flushBytes);
  const probes = await CeilingProbes.create(engine);
  const times = [await probes.time()];
  const afterRound = async () => {
    times.push(await probes.time());
  };
  const rows: { row: Candidate["row"]; sampler?: Sampler }[] = [];
  for (const group of groups(wanted)) {
    const candidates = await prepareGroup(engine, group, reporter);
    const entries = candidates.map((candidate) => ({
      row: candidate.row,
      sampler: candidate.row.correctness.right ? new Sampler(instruments, candidate) : undefined,
    }));
    const samplers = entries.flatMap(({ sampler }) => sampler ?? []);
    await sampleInRounds(samplers, options, afterRound, reporter);
    for (const candidate of candidates) candidate.release();
    rows.push(...entries);
  }
  releaseInstruments(instruments);
  const rates = probes.rates(times);
  probes.release();
  return {
    format: resultFormat,
    environment: describeEnvironment(engine, instruments.quantum),
    method: describeMethod(options),
    ceilings: {
      ...rates,
      copyRounds: times.map(({ copy }) => copy),
      flopsRounds: times.map(({ flops }) => flops),
      words: describeCeilings(engine.adapter.kind),
    },
    rows: rows.map(({ row, sampler }) =>
      sampler ? { ...row, timing: timingOf(sampler, rates, options.spread) } : row,
    ),
  };
}
