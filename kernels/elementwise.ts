// Launch of the kernels that do the same to every element, four elements an invocation.
import { divideUp, linearWorkgroups, type Tuning, type Workgroups } from "./kernel.ts";

const workgroupSizes = [64, 32, 128, 256];
const [defaultSize] = workgroupSizes;

export const elementwiseTunables = { WORKGROUP: workgroupSizes };

/** `LENGTH` elements; the shader zeroes what a last vec4 holds beyond them, so that padding never spreads. */
export function elementwiseConstants(
  length: number,
  { WORKGROUP = defaultSize }: Tuning = {},
): Record<string, number> {
  return { LENGTH: length, WORKGROUP };
}

export function elementwiseWorkgroups(length: number, { WORKGROUP = defaultSize }: Tuning = {}): Workgroups {
  return linearWorkgroups(divideUp(length, 4 * WORKGROUP));
}
