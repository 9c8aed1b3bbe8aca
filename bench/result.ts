// What a run of the bench leaves as JSON: everything that a later comparison, a page or a stranger needs.
import type { Parameters, Workgroups } from "../kernels/kernel.ts";

export const resultFormat = "diptych-bench/1";

export interface BenchResult {
  readonly format: typeof resultFormat;
  readonly environment: Environment;
  readonly method: Method;
  readonly ceilings: Ceilings;
  readonly rows: readonly Row[];
}

export interface Environment {
  /** Of the adapter that ran the kernels. */
  readonly adapter: string;
  readonly kind: "hardware" | "software" | "embedded";
  readonly driver: string;
  readonly dawn: string;
  readonly processor: string;
  readonly cores: number;
  readonly platform: string;
  readonly node: string;
  /** The commit, with "+" where files differ from it; outside a repository the package's version. */
  readonly commit: string;
  /** ISO 8601. */
  readonly date: string;
  /** Observed quantum of the adapter's timestamps, in nanoseconds. */
  readonly timerQuantum: number;
}

/** How the figures were got: the parameters in numbers, and what they mean in words. */
export interface Method {
  readonly words: string;
  /** Relative half-width of a median's interval below which a row is done. */
  readonly spread: number;
  /** Measuring time after which a row is done, in seconds. */
  readonly seconds: number;
  /** Fewest rounds over all rows. */
  readonly rounds: number;
  /** Bytes written between two cold samples. */
  readonly flushBytes: number;
}

/** The most that this adapter was seen to do, measured between the rows of the same run. */
export interface Ceilings {
  /** Read plus written bytes a second of a copy between buffers larger than any cache. */
  readonly copyBytesPerSecond: number;
  /** A fused multiply-add counting as two. */
  readonly flopsPerSecond: number;
  /** Nanoseconds of the two probes in every round: what the machine itself did meanwhile. */
  readonly copyRounds: readonly number[];
  readonly flopsRounds: readonly number[];
  readonly words: string;
}

/** One variant of one kernel at one shape. Times in nanoseconds. */
export interface Row {
  /** Identity over runs: "kernel/variant name=value …". */
  readonly key: string;
  readonly kernel: string;
  readonly variant: string;
  readonly parameters: Parameters;
  /** Whether the engine takes this variant for these parameters on this adapter. */
  readonly chosen: boolean;
  /** Where the shape occurs: "nano training", "command line". */
  readonly origin: string;
  /** How many dispatches have it there. */
  readonly count: number;
  readonly flops: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly workgroups: Workgroups;
  readonly correctness: Correctness;
  /** Absent when the kernel is wrong: it is not timed. */
  readonly timing?: RowTiming;
}

export interface Correctness {
  readonly right: boolean;
  /** Largest |WGSL − float64 reference|, and the largest share of the tolerance that an element took: right up to 1. */
  readonly maxError: number;
  readonly toleranceShare: number;
  readonly tolerance: { readonly absolute: number; readonly relative: number };
  /** What was compared: the shape itself or, where the reference would take too long, the kernel's test cases. */
  readonly checked: "shape" | "cases";
}

export interface RowTiming {
  /** Dispatches a timed pass holds, so that it is long against the timer's quantum. */
  readonly repeats: number;
  /** An empty kernel with the same bindings and workgroups: nothing is faster. */
  readonly floor: Measurement;
  /** The same buffers again and again. */
  readonly hot: Measurement;
  /** Caches overwritten before every sample. */
  readonly cold: Measurement;
  /** On the host's clock, from submit until the queue says done, one dispatch at a time. */
  readonly wall: Measurement;
  /** By the hot median. */
  readonly gflops: number;
  readonly gigabytesPerSecond: number;
  /** The roofline's time at this adapter's ceilings over the measured time. Above 1 where operands stay in caches. */
  readonly fraction: { readonly ceiling: "compute" | "memory"; readonly hot: number; readonly cold: number };
}

/** The median over rounds, and its exact 95% interval by order statistics. */
export interface Measurement {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** (high − low) / 2 / median. */
  readonly spread: number;
  /** Samples taken, and the median of each round's. */
  readonly samples: number;
  readonly rounds: readonly number[];
  /** Why measuring ended. */
  readonly stop: "spread" | "time";
}
