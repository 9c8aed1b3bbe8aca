// From a tape to memory: which transient tensors share which buffer, what that adds up to, and whether it fits.
import { costOf, elementCount } from "../../kernels/kernel.ts";
import type { Plane } from "../autograd/parameters.ts";
import type { Operation, Tape } from "../autograd/tape.ts";
import { byteLength, type Tensor } from "../autograd/tensor.ts";
import { UserError } from "../base/errors.ts";

export interface Plan {
  readonly operations: readonly Operation[];
  /** Bytes of each shared buffer. */
  readonly slots: readonly number[];
  readonly slotOf: ReadonlyMap<Tensor, number>;
  readonly inputs: readonly Tensor[];
  readonly constants: readonly Tensor[];
  readonly planes: readonly Plane[];
  /** Bytes of the transients alive at each operation. */
  readonly live: readonly number[];
  /** The operation at which most bytes of transients live, and those tensors, largest first. */
  readonly peak: { readonly operation: number; readonly bytes: number; readonly tensors: readonly Tensor[] };
}

/** First and last operation that touches each transient tensor. */
function lifetimes(
  operations: readonly Operation[],
  outputs: readonly Tensor[],
): Map<Tensor, [number, number]> {
  const spans = new Map<Tensor, [number, number]>();
  operations.forEach((operation, index) => {
    for (const touched of Object.values(operation.tensors)) {
      const tensor = touched.storage.kind === "view" ? touched.storage.of : touched;
      if (tensor.storage.kind !== "transient") continue;
      const span = spans.get(tensor);
      if (span) span[1] = index;
      else spans.set(tensor, [index, index]);
    }
  });
  for (const tensor of outputs) {
    const span = spans.get(tensor);
    if (span) span[1] = operations.length;
  }
  return spans;
}

/** Buffers that transients take turns in: the smallest free one that fits, else the largest free one, grown. */
class SlotPool {
  readonly sizes: number[] = [];
  #free: number[] = [];

  take(bytes: number): number {
    const bySize = this.#free.sort((a, b) => this.sizes[a] - this.sizes[b]);
    const fitting = bySize.findIndex((slot) => this.sizes[slot] >= bytes);
    if (bySize.length === 0) return this.sizes.push(bytes) - 1;
    const [slot] = bySize.splice(fitting >= 0 ? fitting : bySize.length - 1, 1);
    this.sizes[slot] = Math.max(this.sizes[slot], bytes);
    return slot;
  }

  giveBack(slot: number): void {
    this.#free.push(slot);
  }
}

function assignSlots(spans: Map<Tensor, [number, number]>, count: number) {
  const starting: Tensor[][] = Array.from({ length: count }, () => []);
  const ending: Tensor[][] = Array.from({ length: count + 1 }, () => []);
  for (const [tensor, [first, last]] of spans) {
    starting[first].push(tensor);
    ending[last].push(tensor);
  }
  const pool = new SlotPool();
  const slotOf = new Map<Tensor, number>();
  for (let index = 0; index < count; index++) {
    for (const tensor of starting[index]) slotOf.set(tensor, pool.take(byteLength(tensor)));
    for (const tensor of ending[index]) pool.giveBack(slotOf.get(tensor)!);
  }
  return { slots: pool.sizes, slotOf };
}

function liveBytes(spans: Map<Tensor, [number, number]>, count: number): number[] {
  const change = new Float64Array(count + 2);
  for (const [tensor, [first, last]] of spans) {
    change[first] += byteLength(tensor);
    change[last + 1] -= byteLength(tensor);
  }
  let live = 0;
  return Array.from({ length: count }, (_, index) => (live += change[index]));
}

function findPeak(spans: Map<Tensor, [number, number]>, live: readonly number[]): Plan["peak"] {
  const bytes = live.reduce((most, here) => Math.max(most, here), 0);
  const operation = Math.max(live.indexOf(bytes), 0);
  const tensors = [...spans]
    .filter(([, [first, last]]) => first <= operation && last >= operation)
    .map(([tensor]) => tensor)
    .sort((a, b) => byteLength(b) - byteLength(a));
  return { operation, bytes, tensors };
}

/** Plans the memory of a tape whose `outputs` are read after each run. Pure. */
export function planTape(tape: Tape, outputs: readonly Tensor[]): Plan {
  const { operations } = tape;
  const spans = lifetimes(operations, outputs);
  const live = liveBytes(spans, operations.length);
  const touched = new Set(operations.flatMap((operation) => Object.values(operation.tensors)));
  const planes = new Set<Plane>();
  for (const { storage } of [...touched, ...outputs])
    if (storage.kind === "persistent") planes.add(storage.plane);
  return {
    operations,
    ...assignSlots(spans, operations.length),
    inputs: tape.inputs,
    constants: [...touched].filter((tensor) => tensor.storage.kind === "constant"),
    planes: [...planes],
    live,
    peak: findPeak(spans, live),
  };
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

/** What a plan needs and does. */
export function summarizePlan(plan: Plan) {
  const costs = plan.operations.map(({ kernel, parameters }) => costOf(kernel, parameters));
  const transientBytes = sum(plan.slots);
  const persistentBytes = sum(plan.planes.map((plane) => 4 * plane.layout.length));
  const hostBytes = sum([...plan.inputs, ...plan.constants].map(byteLength));
  return {
    dispatches: plan.operations.length,
    flops: sum(costs.map((cost) => cost.flops)),
    bytesRead: sum(costs.map((cost) => cost.bytesRead)),
    bytesWritten: sum(costs.map((cost) => cost.bytesWritten)),
    transientBytes,
    persistentBytes,
    hostBytes,
    totalBytes: transientBytes + persistentBytes + hostBytes,
  };
}

export type PlanSummary = ReturnType<typeof summarizePlan>;

export const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** The plan as text: totals, and the largest tensors alive at the peak. */
export function describePlan(name: string, plan: Plan, largest = 8): string {
  const s = summarizePlan(plan);
  const at = plan.operations[plan.peak.operation];
  const lines = [
    `${name}: ${s.dispatches} dispatches, ${(s.flops / 1e9).toFixed(3)} GFLOP, reads ${megabytes(s.bytesRead)}, writes ${megabytes(s.bytesWritten)}`,
    `memory ${megabytes(s.totalBytes)}: activations and gradients ${megabytes(s.transientBytes)} in ${plan.slots.length} buffers, parameters and state ${megabytes(s.persistentBytes)}, inputs and constants ${megabytes(s.hostBytes)}`,
  ];
  if (at)
    lines.push(`peak ${megabytes(plan.peak.bytes)} live at dispatch ${plan.peak.operation}, ${at.label}:`);
  for (const tensor of plan.peak.tensors.slice(0, largest))
    lines.push(
      `  ${megabytes(byteLength(tensor)).padStart(10)}  ${tensor.name} [${tensor.shape.join(", ")}]`,
    );
  return lines.join("\n");
}

/**
 * @throws UserError when a buffer is larger than the adapter binds, an operation binds too many of them, or has too
 * many workgroups; the message says what would fit.
 */
export function refuseUnfitPlan(name: string, plan: Plan, limits: GPUSupportedLimits): void {
  const limit = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  const tensors = [...plan.slotOf.keys(), ...plan.inputs, ...plan.constants].filter(
    (tensor) => byteLength(tensor) > limit,
  );
  const [largest] = tensors.sort((a, b) => byteLength(b) - byteLength(a));
  if (largest) {
    const fits = Math.floor((limit / byteLength(largest)) * (largest.shape[0] ?? 1));
    const advice = fits >= 1 ? `a batch of ${fits} fits` : "a smaller --image-size fits";
    throw new UserError(
      `${name}: ${largest.name} [${largest.shape.join(", ")}] needs ${megabytes(byteLength(largest))}, this adapter binds ${megabytes(limit)} at most: ${advice}`,
    );
  }
  for (const plane of plan.planes)
    if (4 * plane.layout.length > limit)
      throw new UserError(
        `${name}: ${plane.name} needs ${megabytes(4 * plane.layout.length)}, this adapter binds ${megabytes(limit)} at most: a smaller --model fits`,
      );
  for (const { bindings, label } of plan.operations)
    if (bindings.length > limits.maxStorageBuffersPerShaderStage)
      throw new UserError(
        `${name}: ${label} binds ${bindings.length} buffers, this adapter ${limits.maxStorageBuffersPerShaderStage} at most: choose another --adapter`,
      );
}

/** Elements of a tensor's storage as its kernel binds it: whole vec4s. */
export const boundBytes = (tensor: Tensor): number =>
  Math.max(16, Math.ceil(elementCount(tensor.shape) / 4) * 16);
