// A share of the patients, for asking what more data would give.
import { RandomStream } from "../base/random.ts";
import type { PairRecord } from "./manifest.ts";

/**
 * The pairs of a share of the patients; a larger share of the same seed holds the smaller one. Patients with and without
 * lesions keep their proportion as nearly as whole patients can, at least one of each.
 * @param share from 0 to 1.
 */
export function patientShare(pairs: readonly PairRecord[], share: number, seed: number): PairRecord[] {
  if (share === 1) return [...pairs];
  const lesions = new Map<string, boolean>();
  for (const { patient, classes } of pairs)
    lesions.set(patient, (lesions.get(patient) ?? false) || classes.length > 0);
  const chosen = new Set<string>();
  for (const positive of [true, false]) {
    const group = [...lesions].filter(([, has]) => has === positive).map(([patient]) => patient);
    const order = new RandomStream(seed, `share/${positive}`).nextPermutation(group.length);
    const count = Math.max(1, Math.round(share * group.length));
    for (const place of order.slice(0, count)) chosen.add(group[place]);
  }
  return pairs.filter(({ patient }) => chosen.has(patient));
}
