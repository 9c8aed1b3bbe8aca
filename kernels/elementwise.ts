// Launch of the kernels that do the same to every element, four elements an invocation.
import { divideUp, linearWorkgroups, type Workgroups } from "./kernel.ts";

export const elementwiseWorkgroupSize = 64;

/** `LENGTH` elements; the shader zeroes what a last vec4 holds beyond them, so that padding never spreads. */
export function elementwiseConstants(length: number): Record<string, number> {
  return { LENGTH: length, WORKGROUP: elementwiseWorkgroupSize };
}

export function elementwiseWorkgroups(length: number): Workgroups {
  return linearWorkgroups(divideUp(length, 4 * elementwiseWorkgroupSize));
}
