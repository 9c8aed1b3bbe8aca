// Two results of the bench side by side: what became faster or slower beyond noise.
import { readFileSync } from "node:fs";
import { reasonOf, UserError } from "../src/base/errors.ts";
import { type BenchResult, type Ceilings, type RowTiming, resultFormat } from "./result.ts";
import { median, medianRatio, type Ratio } from "./statistics.ts";

/** Differences below this are never called: layout of memory and of code moves times by as much. */
export const noiseFloor = 0.02;

export type Verdict = "faster" | "slower" | "within noise";

/** One row that both results have. */
export interface RowComparison extends Ratio {
  readonly key: string;
  /** Hot medians in nanoseconds. */
  readonly before: number;
  readonly after: number;
  readonly verdict: Verdict;
}

export interface Comparison {
  readonly rows: readonly RowComparison[];
  /** By how much the probes, which no build changes, certainly differ: what the machine itself contributes. */
  readonly drift: number;
  /** Both ends of every interval are moved out by this share at least: drift and noise floor together. */
  readonly margin: number;
  /** New over old cost of a dispatch as such: the median over rows of the ratio of their empty kernels. */
  readonly dispatchRatio: number;
  /** Keys that only one of the two has timed. */
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
}

/** @throws UserError when the file is no result of this format. */
export function readResult(path: string): BenchResult {
  let result: Partial<BenchResult> | null;
  try {
    result = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UserError(`${path}: cannot be read as JSON (${reasonOf(error)})`);
  }
  if (result?.format !== resultFormat)
    throw new UserError(`${path}: not a result of diptych bench: its format must be "${resultFormat}"`);
  return result as BenchResult;
}

/** How far a ratio is from 1 where its interval excludes 1, else 0. */
const certainChange = ({ ratio, low, high }: Ratio): number =>
  low > 1 || high < 1 ? Math.max(ratio, 1 / ratio) - 1 : 0;

const driftBetween = (before: Ceilings, after: Ceilings): number =>
  Math.max(
    certainChange(medianRatio(before.copyRounds, after.copyRounds)),
    certainChange(medianRatio(before.flopsRounds, after.flopsRounds)),
  );

function verdictOf({ low, high }: Ratio): Verdict {
  if (low > 1) return "slower";
  return high < 1 ? "faster" : "within noise";
}

/** @param machine what it changed by itself: rows near the floor of their dispatch move with that floor. */
function compareRow(
  key: string,
  before: RowTiming,
  after: RowTiming,
  machine: Pick<Comparison, "drift" | "dispatchRatio">,
): RowComparison {
  const expected = 1 + Math.min(before.floor.median / before.hot.median, 1) * (machine.dispatchRatio - 1);
  const change = Math.max(1 + machine.drift, expected, 1 / expected);
  const margin = change * (1 + noiseFloor) - 1;
  const { ratio, low, high } = medianRatio(before.hot.rounds, after.hot.rounds);
  const interval = { ratio, low: low / (1 + margin), high: high * (1 + margin) };
  return {
    key,
    before: before.hot.median,
    after: after.hot.median,
    ...interval,
    verdict: verdictOf(interval),
  };
}

/** Compares the hot medians of the rows with the same key. */
export function compareResults(before: BenchResult, after: BenchResult): Comparison {
  const drift = driftBetween(before.ceilings, after.ceilings);
  const margin = (1 + drift) * (1 + noiseFloor) - 1;
  const timed = ({ rows }: BenchResult) =>
    new Map(rows.flatMap(({ key, timing }) => (timing ? [[key, timing] as const] : [])));
  const [old, current] = [timed(before), timed(after)];
  const common = [...current.keys()].filter((key) => old.has(key));
  const floorRatios = common.map((key) => current.get(key)!.floor.median / old.get(key)!.floor.median);
  const dispatchRatio = common.length > 0 ? median(floorRatios) : 1;
  const rows = common.map((key) =>
    compareRow(key, old.get(key)!, current.get(key)!, { drift, dispatchRatio }),
  );
  return {
    rows,
    drift,
    margin,
    dispatchRatio,
    onlyBefore: [...old.keys()].filter((key) => !current.has(key)),
    onlyAfter: [...current.keys()].filter((key) => !old.has(key)),
  };
}

/** Rows that are slower beyond noise, and by more than the bound. */
export const regressions = ({ rows }: Comparison, bound: number): RowComparison[] =>
  rows.filter(({ verdict, ratio }) => verdict === "slower" && ratio > bound);
