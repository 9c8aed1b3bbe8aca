// Waiting without taking a processor from the work that is waited for.
import { setTimeout as sleep } from "node:timers/promises";

/** The share of the expected time that is slept through; the rest is for what ends early. */
const share = 0.9;
/** In milliseconds; a timer is no more accurate. */
const least = 2;

/**
 * Dawn's Node bindings poll without a pause as long as a promise of theirs is open, which keeps one processor busy. Where
 * software computes on the same few, the work takes up to twice as long. So the promise is only asked for when the work is
 * nearly due, by what it took before.
 */
export class Rest {
  /** What the last few took, in milliseconds. */
  #took: number[] = [];

  /** What the next one takes: the least of the last few, for one that compiled or was disturbed says little. */
  get #expected(): number {
    return this.#took.length < 2 ? 0 : Math.min(...this.#took);
  }

  /** Sleeps, then awaits what `ask` returns. */
  async until<T>(ask: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const due = share * this.#expected;
    if (due >= least) await sleep(due);
    const result = await ask();
    // What was there at once may have been there for long: the share below 1 finds out, run by run.
    this.#took = [...this.#took.slice(-3), performance.now() - started];
    return result;
  }
}
