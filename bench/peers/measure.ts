// Outputs compared, then interleaved rounds, then ratios of medians with an interval from resampled rounds.

import { reasonOf } from "../../src/base/errors.ts";
import { RandomStream } from "../../src/base/random.ts";
import { median } from "../statistics.ts";
import type { Contestant, Row } from "./contestant.ts";

export interface Budget {
  /** Of one row, all its contestants together. */
  readonly seconds: number;
  readonly mostRounds: number;
}

const fewestRounds = 5;
const warmUps = 2;
const resamples = 2000;

export const method = `Outputs are compared with ours before anything is timed. Two runs warm up; then rounds of one run of each, ours first in even rounds and last in odd ones, for the given time and at least ${fewestRounds} rounds. Inputs and results stay on the device; a run is timed by the wall clock from its first call until the device is done; we, TensorFlow.js and gpu.js wait asleep until that is nearly due, because waiting on Dawn polls and takes a processor; jax-js submits only when it is waited for. Ratios are medians over ours' median; in brackets 95% percentile intervals over ${resamples} resamples of the rounds.`;

export interface Entry {
  readonly peer: string;
  /** Milliseconds of every round. */
  readonly samples: readonly number[];
  readonly median: number;
  /** Milliseconds of the first run, compilation included. */
  readonly first: number;
  /** Median over ours' median, with its 95% interval; of ours itself 1. */
  readonly ratio: readonly [ratio: number, low: number, high: number];
  /** Largest difference from ours' outputs, as a share of ours' largest value. */
  readonly difference: number;
}

export interface Refused {
  readonly peer: string;
  readonly reason: string;
}

export interface RowResult {
  readonly name: string;
  readonly title: string;
  readonly entries: readonly Entry[];
  readonly refused: readonly Refused[];
}

/** Ratio of the medians of `theirs` and `ours`, and the 95% percentile interval over resampled rounds. */
export function ratioOfMedians(theirs: readonly number[], ours: readonly number[]): [number, number, number] {
  const random = new RandomStream(1, "peers/bootstrap");
  const ratios = Float64Array.from({ length: resamples }, () => {
    const rounds = ours.map(() => random.nextInteger(ours.length));
    return median(rounds.map((round) => theirs[round])) / median(rounds.map((round) => ours[round]));
  }).sort();
  const at = (share: number) => ratios[Math.round(share * (resamples - 1))];
  return [median(theirs) / median(ours), at(0.025), at(0.975)];
}

/** What is compared, and by how much results may differ. */
export type Contest = Pick<Row, "name" | "title" | "tolerance">;

/** Somebody who may take part: `prepare` gives undefined where it does not. */
export interface Candidate {
  readonly peer: string;
  prepare(): Promise<Contestant | undefined>;
}

type Outputs = Readonly<Record<string, Float32Array>>;

/** Largest difference over all outputs, each as a share of ours' largest value. @throws Error naming what does not fit. */
function differenceOf(ours: Outputs, theirs: Outputs): number {
  let worst = 0;
  for (const [name, expected] of Object.entries(ours)) {
    const actual = theirs[name];
    if (actual?.length !== expected.length)
      throw new Error(`${name} has ${actual?.length ?? "no"} values, ours ${expected.length}`);
    const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (let i = 0; i < expected.length; i++) {
      const difference = Math.abs(actual[i] - expected[i]) / scale;
      if (!(difference <= worst)) worst = Number.isNaN(difference) ? Infinity : difference;
    }
  }
  return worst;
}

interface Ready {
  readonly peer: string;
  readonly contestant: Contestant;
  readonly samples: number[];
  readonly first: number;
  readonly difference: number;
}

async function timed(contestant: Contestant): Promise<number> {
  if (contestant.timedRun) return contestant.timedRun();
  const started = performance.now();
  await contestant.run();
  return performance.now() - started;
}

async function makeReady(
  { peer, prepare }: Candidate,
  tolerance: number,
  ours?: Outputs,
): Promise<[Ready, Outputs] | undefined> {
  const contestant = await prepare();
  if (!contestant) return undefined;
  const started = performance.now();
  const outputs = await contestant.outputs();
  const first = performance.now() - started;
  const difference = ours ? differenceOf(ours, outputs) : 0;
  if (difference > tolerance) {
    contestant.release();
    throw new Error(`differs from ours by ${difference.toExponential(1)} of the largest value`);
  }
  return [{ peer, contestant, samples: [], first, difference }, outputs];
}

/** Compares and times one contest, ours first. A peer that fails or differs is refused, and says why. */
export async function measure(
  { name, title, tolerance }: Contest,
  [ours, ...peers]: readonly Candidate[],
  budget: Budget,
): Promise<RowResult> {
  const [own, expected] = (await makeReady(ours, tolerance))!;
  const ready = [own];
  const refused: Refused[] = [];
  for (const candidate of peers)
    try {
      const made = await makeReady(candidate, tolerance, expected);
      if (made) ready.push(made[0]);
    } catch (error) {
      refused.push({ peer: candidate.peer, reason: reasonOf(error) });
    }
  for (const { contestant } of ready) for (let run = 0; run < warmUps; run++) await contestant.run();
  await playRounds(ready, budget);
  for (const { contestant } of ready) contestant.release();
  const entries = ready.map(({ peer, samples, first, difference }) => {
    const ratio = ratioOfMedians(samples, own.samples);
    return { peer, samples, median: median(samples), first, ratio, difference };
  });
  return { name, title, entries, refused };
}

/** One run of every contestant a round, ours first in even rounds and last in odd ones. */
async function playRounds(ready: readonly Ready[], { seconds, mostRounds }: Budget): Promise<void> {
  const started = performance.now();
  for (let round = 0; round < mostRounds; round++) {
    const over = performance.now() - started > 1000 * seconds;
    if (over && round >= fewestRounds) return;
    const order = round % 2 === 0 ? ready : [...ready].reverse();
    for (const { contestant, samples } of order) samples.push(await timed(contestant));
  }
}
