// Which choice computes a kernel at a shape fastest: each is checked against the reference, the right ones are timed in
// turn, and the default stays unless another one is faster beyond noise.
import { makeInputs } from "../kernels/inputs.ts";
import { type Choice, choicesFor, describeChoice, type Kernel, type Parameters } from "../kernels/kernel.ts";
import { UserError } from "../src/base/errors.ts";
import type { Engine } from "../src/engine/engine.ts";
import { HostTimer, hostQuantum } from "../src/engine/hostTimer.ts";
import {
  compileKernel,
  consultReference,
  hostInputs,
  type KernelProgram,
  type Oracle,
} from "../src/engine/kernelProgram.ts";
import { PassTimer, type Stopwatch } from "../src/engine/passTimer.ts";
import { timerQuantum } from "../src/engine/timer.ts";
import { checkCandidate, checksShape, restorable } from "./candidate.ts";
import { PassSampler } from "./passSampler.ts";
import type { Correctness } from "./result.ts";
import { median, medianInterval, type Ratio } from "./statistics.ts";

/**
 * The share of the default's time that a choice must certainly stay below. Layout of memory and of code moves times by as
 * much as it leaves out, and another choice is another pipeline to compile.
 */
export const mostRatio = 0.97;
/** Rounds over all contenders; after the first few, those that are far behind leave. */
const rounds = 9;
const trialRounds = 2;
const farBehind = 1.2;
/** Nanoseconds of a contender's passes in one round. */
const slice = 5e6;

/** What searches share. */
export interface Tools {
  readonly engine: Engine;
  readonly stopwatch: Stopwatch;
  /** What the stopwatch can tell apart, in nanoseconds. */
  readonly quantum: number;
  /** Choices that have been checked on their kernel's test cases, which stand in for every shape that is too large. */
  readonly checked: Map<string, Correctness>;
}

/** Tools with the adapter's timestamps, else with the host's clock. */
export async function makeTools(engine: Engine): Promise<Tools> {
  const checked = new Map<string, Correctness>();
  const quantum = await timerQuantum(engine);
  if (quantum === undefined)
    return { engine, stopwatch: new HostTimer(engine), quantum: hostQuantum, checked };
  return { engine, stopwatch: new PassTimer(engine), quantum, checked };
}

/** What a search at a shape has found. */
export interface Finding {
  readonly preferred: Choice;
  readonly chosen: Choice;
  /** Time of the chosen over that of the default, where they differ. */
  readonly ratio?: Ratio;
  /** Choices that differ from the reference or do not compile, and why. With the default among them, nothing was timed. */
  readonly wrong: readonly { readonly choice: Choice; readonly reason: string }[];
}

interface Contender {
  readonly choice: Choice;
  readonly compiled: KernelProgram;
  readonly sampler: PassSampler;
  restore(): void;
  /** Median of each round, in nanoseconds. */
  readonly times: number[];
}

/** How long `times` are in terms of `base`, round by round, with the exact 95% interval of the median. */
export function pairedRatio(base: readonly number[], times: readonly number[]): Ratio {
  const ratios = times.map((time, round) => time / base[round]);
  return { ratio: median(ratios), ...medianInterval(ratios) };
}

const beats = (times: readonly number[], base: readonly number[]): boolean =>
  pairedRatio(base, times).high <= mostRatio;

/**
 * The first one, in the order given, of those that beat the default and that no other of them beats.
 * @param times of each contender by round, the default's first.
 * @returns its position; 0 where the default stays.
 */
export function decide(times: readonly (readonly number[])[]): number {
  const [base] = times;
  const faster = times.flatMap((candidate, index) => (beats(candidate, base) ? [index] : []));
  return faster.find((index) => !faster.some((other) => beats(times[other], times[index]))) ?? 0;
}

/** Checks a choice, at the shape or once on its kernel's test cases. */
async function check(
  { engine, checked }: Tools,
  compiled: KernelProgram,
  oracle: Oracle | undefined,
): Promise<Correctness> {
  if (oracle) return checkCandidate(engine, compiled, oracle);
  const key = `${compiled.kernel.name}/${describeChoice(compiled.choice)}`;
  const known = checked.get(key) ?? (await checkCandidate(engine, compiled));
  checked.set(key, known);
  return known;
}

/** Compiles a choice and checks it. @returns the reason where it must not win. */
async function prepare(
  tools: Tools,
  [kernel, choice, parameters]: readonly [Kernel, Choice, Parameters],
  oracle: Oracle | undefined,
): Promise<Contender | string> {
  let compiled: KernelProgram;
  try {
    compiled = await compileKernel(tools.engine, kernel, choice, parameters);
  } catch (error) {
    if (error instanceof UserError) throw error;
    return (error as Error).message;
  }
  const { right, maxError, toleranceShare, checked } = await check(tools, compiled, oracle);
  if (!right) {
    compiled.program.release();
    return `off by ${maxError.toExponential(2)}, ${toleranceShare.toFixed(1)} times its tolerance`;
  }
  const inputs = hostInputs(compiled, oracle?.inputs ?? makeInputs(kernel, parameters));
  if (checked === "cases") await compiled.program.run(inputs);
  const updated = restorable(compiled, inputs);
  const sampler = new PassSampler(tools.stopwatch, tools.quantum);
  return { choice, compiled, sampler, restore: () => compiled.program.write(updated), times: [] };
}

async function timeRound(contenders: readonly Contender[]): Promise<void> {
  for (const { compiled, sampler, restore, times } of contenders) {
    const [dispatch] = compiled.program.dispatches;
    restore();
    if (sampler.estimate === 0) await sampler.calibrate(dispatch);
    times.push(median(await sampler.sample(dispatch, slice)));
  }
}

/** Times the contenders in rounds, forth and back, so that a drift of the machine favours none. */
async function race(all: readonly Contender[], outOfTime: () => boolean): Promise<readonly Contender[]> {
  let going = all;
  for (let round = 0; round < rounds && !outOfTime(); round++) {
    await timeRound(round % 2 === 0 ? going : going.toReversed());
    if (round + 1 !== trialRounds) continue;
    const best = Math.min(...going.flatMap(({ times }) => times));
    going = going.filter(
      (contender) => contender === all[0] || Math.min(...contender.times) <= farBehind * best,
    );
  }
  return going;
}

/** The winner of a race, as `decide` finds it. */
async function winnerOf(all: readonly Contender[], outOfTime: () => boolean): Promise<Contender> {
  for (const { times } of all) times.length = 0;
  const finalists = await race(all, outOfTime);
  return finalists[decide(finalists.map(({ times }) => times))];
}

/**
 * Searches the choices of a kernel at a shape.
 * @returns undefined when time ran out before the answer.
 */
export async function searchShape(
  tools: Tools,
  kernel: Kernel,
  parameters: Parameters,
  outOfTime: () => boolean = () => false,
): Promise<Finding | undefined> {
  const choices = choicesFor(kernel, parameters, tools.engine.traits);
  const [preferred] = choices;
  const contenders: Contender[] = [];
  const wrong: { choice: Choice; reason: string }[] = [];
  const oracle = checksShape(kernel, parameters) ? consultReference(kernel, parameters) : undefined;
  try {
    for (const choice of choices) {
      if (outOfTime()) return undefined;
      const prepared = await prepare(tools, [kernel, choice, parameters], oracle);
      if (typeof prepared !== "string") contenders.push(prepared);
      else wrong.push({ choice, reason: prepared });
      if (contenders.length === 0) return { preferred, chosen: preferred, wrong };
    }
    const [base] = contenders;
    const first = await winnerOf(contenders, outOfTime);
    // Once more, the two alone: of many that are timed, one may look faster by chance.
    const winner = first === base ? base : await winnerOf([base, first], outOfTime);
    if (outOfTime()) return undefined;
    const ratio = winner === base ? undefined : pairedRatio(base.times, winner.times);
    return { preferred, chosen: winner.choice, ratio, wrong };
  } finally {
    for (const { compiled } of contenders) compiled.program.release();
  }
}
