// The barrier-free rung of reductions: one invocation computes one output by a serial loop.
import { divideUp, linearWorkgroups, type Parameters, type Variant } from "./kernel.ts";

/** Few invocations, so that a reduction to a few outputs still keeps every core of a CPU busy. */
const serialWorkgroup = 8;

/**
 * The last variant of a reduction, without barriers.
 * @param constants those of its other variants; WORKGROUP is replaced.
 * @param outputs how many invocations have something to compute.
 */
export function serialVariant<P extends Parameters>(
  shader: string,
  constants: (parameters: P) => Record<string, number>,
  outputs: (parameters: P) => number,
): Variant<P> {
  return {
    name: "plain",
    shader,
    constants: (parameters) => ({ ...constants(parameters), WORKGROUP: serialWorkgroup }),
    workgroups: (parameters) => linearWorkgroups(divideUp(outputs(parameters), serialWorkgroup)),
  };
}
