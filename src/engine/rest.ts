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
  #expected = 0;

  /** Sleeps, then awaits what `ask` returns. */
  async until<T>(ask: () => Promise<T>): Promise<T> {
    const started = performance.now();
    if (share * this.#expected >= least) await sleep(share * this.#expected);
    const slept = performance.now() - started;
    const result = await ask();
    const took = performance.now() - started;
    // What was there at once may have been there for long: next time it is asked for earlier.
    this.#expected = slept >= least && took - slept < 1 ? 0.8 * slept : took;
    return result;
  }
}
