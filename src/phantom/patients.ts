// Who is in a set: density, side, lesions and split of every patient, drawn before anything is simulated.
import { UserError } from "../base/errors.ts";
import { RandomStream } from "../base/random.ts";
import type { Side, Split } from "../data/manifest.ts";
import type { DensityClass } from "./breast.ts";
import { drawLesionPlan, type LesionPlan, type LesionType } from "./lesions.ts";

/**
 * A patient has one breast pictured, of one density class, in two views. The views share the lesions (kind, size,
 * density); tissue, place and orientation are each view's own, as compression and projection differ.
 */
export interface Patient {
  readonly id: string;
  readonly side: Side;
  readonly density: DensityClass;
  /** The same in all views; none in half of the patients. */
  readonly lesions: readonly LesionPlan[];
  readonly split: Split;
}

export const viewNames = ["CC", "MLO"] as const;

/** Dealt in turn to patients with lesions and to patients without: 60, 20 and 20 per cent, and one each of three. */
const splitDeal: readonly Split[] = ["train", "validation", "test", "train", "train"];
/** Fewer would leave a split without a patient with lesions or without one without. */
const fewestPatients = 6;

/** Shares of women screened, rounded. */
const densityShares: readonly (readonly [DensityClass, number])[] = [
  ["fatty", 0.1],
  ["scattered", 0.4],
  ["heterogeneous", 0.4],
  ["dense", 0.1],
];

function drawDensity(stream: RandomStream): DensityClass {
  let left = stream.nextUniform();
  for (const [density, share] of densityShares) {
    if (left < share) return density;
    left -= share;
  }
  return "dense";
}

/** Dealt in turn; of a length that shares no divisor with the deal of splits, so that every split gets every type. */
const typeDeal: readonly LesionType[] = [
  "mass",
  "calcification",
  "mass",
  "calcification",
  "distortion",
  "mass",
  "calcification",
];

/** One lesion; three patients in ten have a second, of any type. */
function drawLesions(turn: number, stream: RandomStream): LesionPlan[] {
  const first = drawLesionPlan(typeDeal[turn % typeDeal.length], stream);
  if (stream.nextUniform() >= 0.3) return [first];
  return [first, drawLesionPlan(typeDeal[stream.nextInteger(typeDeal.length)], stream)];
}

/**
 * Half of the patients (rounded down) have lesions; which ones, their splits and all else follow from the seed.
 * @throws UserError when there are too few patients for three splits.
 */
export function planPatients(count: number, seed: number): Patient[] {
  if (!Number.isInteger(count) || count < fewestPatients)
    throw new UserError(
      `${count} patients: must be a whole number of at least ${fewestPatients}, so that each split has patients with and without lesions`,
    );
  const order = new RandomStream(seed, "phantom/patients").nextPermutation(count);
  const positives = Math.floor(count / 2);
  const digits = Math.max(String(count).length, 4);
  const patients = order.map((number, place): Patient => {
    const id = `P${String(number + 1).padStart(digits, "0")}`;
    const stream = new RandomStream(seed, `phantom/patient ${id}`);
    const turn = place < positives ? place : place - positives;
    return {
      id,
      side: stream.nextUniform() < 0.5 ? "L" : "R",
      density: drawDensity(stream),
      lesions: place < positives ? drawLesions(turn, stream) : [],
      split: splitDeal[turn % splitDeal.length],
    };
  });
  return patients.sort((a, b) => (a.id < b.id ? -1 : 1));
}
