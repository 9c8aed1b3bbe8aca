import assert from "node:assert/strict";

/** The worst error of a group of comparisons, and where it was. */
export class WorstError {
  value = 0;
  where = "nothing compared";

  /** @throws AssertionError when an error is larger than its bound, or NaN. */
  take(where: string, error: number, bound: number): void {
    if (!(error <= this.value)) {
      this.value = error;
      this.where = where;
    }
    assert.ok(error <= bound, `${where}: error ${error}, at most ${bound}`);
  }

  toString(): string {
    return `${this.value.toExponential(1)} (${this.where})`;
  }
}
