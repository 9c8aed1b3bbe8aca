// Shares of a whole, tests of several hypotheses, and means of few runs.
import jstat from "jstat";

const { beta, binomial, chisquare, normal, studentt } = jstat.jStat;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Wilson's score interval of a share, without continuity correction (JASA 22, 1927). */
export function wilsonInterval(successes: number, trials: number, confidence = 0.95): Interval {
  const z = normal.inv(0.5 + confidence / 2, 0, 1);
  const share = successes / trials;
  const middle = share + z ** 2 / (2 * trials);
  const reach = z * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2));
  const scale = 1 + z ** 2 / trials;
  return { low: Math.max((middle - reach) / scale, 0), high: Math.min((middle + reach) / scale, 1) };
}

/** Clopper and Pearson's exact interval of a share (Biometrika 26, 1934). */
export function exactInterval(successes: number, trials: number, confidence = 0.95): Interval {
  const tail = (1 - confidence) / 2;
  const failures = trials - successes;
  return {
    low: successes === 0 ? 0 : beta.inv(tail, successes, failures + 1),
    high: failures === 0 ? 1 : beta.inv(1 - tail, successes + 1, failures),
  };
}

/** p-values adjusted so that the chance of any false finding stays below the level asked for (Holm, 1979). */
export function holmAdjusted(p: readonly number[]): number[] {
  const order = p.map((_, index) => index).sort((i, j) => p[i] - p[j]);
  const adjusted = new Array<number>(p.length);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (p.length - rank) * p[index]));
    adjusted[index] = largest;
  });
  return adjusted;
}

/** How often two readers are right, together and apart. */
export interface AgreementTable {
  readonly bothRight: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly bothWrong: number;
}

export interface Agreement {
  /** Share of the cases on which one is right and the other wrong. */
  readonly disagreement: number;
  /** 1: right and wrong on the same cases; 0: independently; −1: on different ones. */
  readonly yuleQ: number;
  /** Cohen's, of right and wrong. */
  readonly kappa: number;
  /** Share that at least one of them gets right: what a perfect union would reach. */
  readonly union: number;
  /** McNemar's test of equal shares: exact, two-sided, and the chi-squared approximation. */
  readonly exactP: number;
  readonly chiSquared: number;
  readonly chiSquaredP: number;
}

/** Agreement of two readers on the same cases. NaN where a figure is 0/0. */
export function agreementOf({ bothRight, onlyFirst, onlySecond, bothWrong }: AgreementTable): Agreement {
  const all = bothRight + onlyFirst + onlySecond + bothWrong;
  const discordant = onlyFirst + onlySecond;
  const [concordantProduct, discordantProduct] = [bothRight * bothWrong, onlyFirst * onlySecond];
  const observed = (bothRight + bothWrong) / all;
  const expected =
    ((bothRight + onlyFirst) * (bothRight + onlySecond) +
      (onlySecond + bothWrong) * (onlyFirst + bothWrong)) /
    all ** 2;
  const chiSquared = (onlyFirst - onlySecond) ** 2 / discordant;
  const tail = binomial.cdf(Math.min(onlyFirst, onlySecond), discordant, 0.5);
  return {
    disagreement: discordant / all,
    yuleQ: (concordantProduct - discordantProduct) / (concordantProduct + discordantProduct),
    kappa: (observed - expected) / (1 - expected),
    union: (all - bothWrong) / all,
    exactP: discordant === 0 ? 1 : Math.min(1, 2 * tail),
    chiSquared,
    chiSquaredP: 1 - chisquare.cdf(chiSquared, 1),
  };
}

/** A mean over few independent runs with Student's interval; the interval is NaN for a single run. */
export function meanOverRuns(values: readonly number[], confidence = 0.95) {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (count - 1));
  const reach = (studentt.inv(0.5 + confidence / 2, count - 1) * deviation) / Math.sqrt(count);
  return { mean, deviation, low: mean - reach, high: mean + reach };
}
