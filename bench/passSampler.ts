// Samples of one dispatch's time: passes that repeat it until they are long against what the clock can tell apart.
import type { Stopwatch, TimedPass } from "../src/engine/passTimer.ts";
import { median } from "./statistics.ts";

/** A pass is to last so many of the clock's quanta, so that rounding stays below 1%. */
const quantaPerPass = 100;
const mostRepeats = 1000;

/** How many passes of a known length fit a slice, with room for one that warms up. */
export const fitting = (slice: number, nanoseconds: number, most: number): number =>
  Math.max(1, Math.min(most - 1, Math.floor(slice / Math.max(nanoseconds, 1))));

export class PassSampler {
  #estimate = 0;
  #repeats = 1;

  /** @param quantum what the clock can tell apart, in nanoseconds. */
  constructor(
    private readonly stopwatch: Stopwatch,
    private readonly quantum: number,
  ) {}

  /** Nanoseconds that the dispatch takes, roughly; 0 before it is calibrated. */
  get estimate(): number {
    return this.#estimate;
  }

  /** How often a pass repeats the dispatch. */
  get repeats(): number {
    return this.#repeats;
  }

  /** Warms up, and finds how long the dispatch takes and how often a pass is to repeat it. */
  async calibrate(dispatch: TimedPass["dispatch"]): Promise<void> {
    const times = await this.stopwatch.time([{ dispatch }, { dispatch }, { dispatch }]);
    this.#estimate = Math.max(median(times.slice(1)), this.quantum);
    this.#repeats = Math.min(mostRepeats, Math.ceil((quantaPerPass * this.quantum) / this.#estimate));
  }

  /** Nanoseconds of the dispatch in passes that fill a slice of nanoseconds, after one that warms up. */
  async sample(dispatch: TimedPass["dispatch"], slice: number): Promise<number[]> {
    const count = fitting(slice, this.#repeats * this.#estimate, this.stopwatch.mostPasses);
    const passes = Array.from({ length: count + 1 }, () => ({ dispatch, repeats: this.#repeats }));
    return (await this.stopwatch.time(passes)).slice(1);
  }
}
