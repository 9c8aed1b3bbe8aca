// Batch norms with running statistics are a slope and an offset a channel, which the convolution in front applies to its sums.
// A tape is rewritten once it is complete: what is read, and by whom, says which norms may go, so that a frozen network of a
// training step is folded too and one that is differentiated is not.
import type { BatchNormParameters } from "../../kernels/batchNorm.ts";
import { type Conv2dParameters, conv2d } from "../../kernels/conv2d.ts";
import { conv2dBatchNorm } from "../../kernels/conv2dBatchNorm.ts";
import { type DepthwiseConv2dParameters, depthwiseConv2d } from "../../kernels/depthwiseConv2d.ts";
import { depthwiseConv2dBatchNorm } from "../../kernels/depthwiseConv2dBatchNorm.ts";
import { globalAveragePool } from "../../kernels/globalAveragePool.ts";
import { type PointwiseConv2dParameters, pointwiseConv2d } from "../../kernels/pointwiseConv2d.ts";
import { hasWholeQuads, pointwiseConv2dBatchNorm } from "../../kernels/pointwiseConv2dBatchNorm.ts";
import { FoldedNorms } from "./foldedNorms.ts";
import type { Plane } from "./parameters.ts";
import type { Operation, Tape } from "./tape.ts";
import type { Tensor } from "./tensor.ts";

/** A batch norm that goes, and the convolution that takes its place. */
interface Fold {
  readonly convolution: Operation;
  readonly norm: Operation;
  /** Of a gated norm: what takes the means of its planes for the gate, and the convolution that takes the gate. */
  readonly pool?: Operation;
  readonly gated?: Operation;
}

/** Who makes and who reads each tensor of a tape, and when parameters first change. */
class Flow {
  readonly producer = new Map<Tensor, Operation>();
  readonly #readers = new Map<Tensor, Operation[]>();
  readonly #position = new Map<Operation, number>();
  readonly #firstWrite = new Map<Plane, number>();

  constructor(
    operations: readonly Operation[],
    private readonly outputs: ReadonlySet<Tensor>,
  ) {
    operations.forEach((operation, position) => {
      this.#position.set(operation, position);
      for (const { name, access } of operation.bindings) this.#note(operation, name, access, position);
    });
  }

  #note(operation: Operation, name: string, access: string, position: number): void {
    const tensor = operation.tensors[name];
    if (access === "read") {
      this.#readers.set(tensor, [...(this.#readers.get(tensor) ?? []), operation]);
      return;
    }
    this.producer.set(tensor, operation);
    const { storage } = tensor;
    if (storage.kind === "persistent" && !this.#firstWrite.has(storage.plane))
      this.#firstWrite.set(storage.plane, position);
  }

  /** Whether nothing but these operations ever sees a tensor. */
  onlyReadBy(tensor: Tensor, operations: readonly Operation[]): boolean {
    const readers = this.#readers.get(tensor) ?? [];
    return (
      tensor.storage.kind === "transient" &&
      !this.outputs.has(tensor) &&
      readers.every((reader) => operations.includes(reader))
    );
  }

  readersOf(tensor: Tensor): readonly Operation[] {
    return this.#readers.get(tensor) ?? [];
  }

  /** Whether an operation sees a parameter as it is before the tape runs. */
  isUnchanged({ storage }: Tensor, at: Operation): boolean {
    if (storage.kind !== "persistent") return false;
    return (this.#firstWrite.get(storage.plane) ?? Infinity) > this.#position.get(at)!;
  }
}

const isPointwise = ({ kernel, parameters }: Operation): boolean =>
  kernel.name === pointwiseConv2d.name && !(parameters as PointwiseConv2dParameters).transposed;

const isWindow = ({ kernel: { name } }: Operation): boolean =>
  name === conv2d.name || name === depthwiseConv2d.name;

/** The fold of a batch norm by itself; a gated one's if the convolution behind it is folded too, which the caller checks. */
function foldOf(flow: Flow, norm: Operation): Fold | undefined {
  if (norm.kernel.name !== "batchNorm") return;
  const { x, mean, variance, gamma, beta, y } = norm.tensors;
  const { gated, residual, segments } = norm.parameters as BatchNormParameters;
  const convolution = flow.producer.get(x);
  const parameters = [mean, variance, gamma, beta];
  if (!convolution || !parameters.every((tensor) => flow.isUnchanged(tensor, norm))) return;
  if (gated) {
    const pool = flow
      .readersOf(x)
      .find(({ kernel, tensors }) => kernel.name === "batchNormPool" && tensors.gamma === gamma);
    const [next] = flow.readersOf(y);
    const fits = pool && next && isPointwise(next) && isWindow(convolution);
    if (!fits || !flow.onlyReadBy(x, [pool, norm]) || !flow.onlyReadBy(y, [next])) return;
    return { convolution, norm, pool, gated: next };
  }
  const fits = isPointwise(convolution)
    ? hasWholeQuads(norm.parameters as BatchNormParameters)
    : isWindow(convolution) && !residual && segments === "";
  return fits && flow.onlyReadBy(x, [norm]) ? { convolution, norm } : undefined;
}

function findFolds(operations: readonly Operation[], outputs: readonly Tensor[]): Fold[] {
  const flow = new Flow(operations, new Set(outputs));
  const folds = operations.flatMap((operation) => foldOf(flow, operation) ?? []);
  const convolutions = new Set(folds.map(({ convolution }) => convolution));
  return folds.filter(({ gated }) => !gated || convolutions.has(gated));
}

/** Records the convolution with the norm behind it. @param before the gated norm in front of it, whose gate it takes. */
function applyFold(tape: Tape, { convolution, norm, gated }: Fold, norms: Tensor, before?: Fold): void {
  const { kernel, parameters, tensors } = convolution;
  const { activation, residual, segments } = norm.parameters as BatchNormParameters;
  const given = { ...tensors, norm: norms, y: gated ? tensors.y : norm.tensors.y };
  if (kernel.name === conv2d.name)
    tape.apply(conv2dBatchNorm, { ...(parameters as Conv2dParameters), activation }, given);
  else if (kernel.name === depthwiseConv2d.name)
    tape.apply(depthwiseConv2dBatchNorm, { ...(parameters as DepthwiseConv2dParameters), activation }, given);
  else
    tape.apply(
      pointwiseConv2dBatchNorm,
      {
        ...(parameters as PointwiseConv2dParameters),
        activation,
        segments,
        residual,
        gated: before !== undefined,
      },
      {
        ...given,
        x: before?.norm.tensors.x ?? tensors.x,
        gate: before?.norm.tensors.gate ?? tensors.bias,
        residual: residual ? norm.tensors.residual : tensors.bias,
      },
    );
}

/** Records the means of what the convolution now gives, in place of those of what the gated norm makes of it. */
function applyPool(tape: Tape, { tensors: { x, y } }: Operation): void {
  const [batch, channels, height, width] = x.shape;
  tape.apply(globalAveragePool, { planes: batch * channels, pixels: height * width }, { x, y });
}

/** Where an operation is in the model: its label without the kernel's name. */
const placeOf = ({ label, kernel }: Operation): string => label.slice(0, -kernel.name.length).trimEnd();

/** What is recorded in place of each operation that folds touch; of those that go, nothing. */
function replacementsOf(tape: Tape, folds: readonly Fold[]): Map<Operation, () => void> {
  const norms = new FoldedNorms(folds.map(({ norm }) => norm));
  const gates = new Map(folds.map((fold) => [fold.gated, fold]));
  const replacements = new Map<Operation, () => void>();
  for (const fold of folds) {
    const { convolution, norm, pool, gated } = fold;
    for (const gone of [convolution, norm]) replacements.set(gone, () => {});
    // The gate's means need the convolution in its place; a residual may not be there before the norm's.
    replacements.set(gated ? convolution : norm, () => {
      const values = norms.of(tape, norm);
      tape.scope(placeOf(convolution), () => applyFold(tape, fold, values, gates.get(convolution)));
    });
    if (pool) replacements.set(pool, () => tape.scope(placeOf(pool), () => applyPool(tape, pool)));
  }
  return replacements;
}

/**
 * Rewrites a complete tape so that convolutions apply the batch norms behind them, where those use statistics that the tape
 * does not change before and nothing else looks at what lies between; squeeze-and-excite's gate goes into the convolution that
 * follows. Slopes and offsets are made anew in each run, in one dispatch a module.
 * @param outputs what is read after a run, and therefore kept.
 */
export function foldBatchNorms(tape: Tape, outputs: readonly Tensor[]): void {
  const replacements = replacementsOf(tape, findFolds(tape.operations, outputs));
  for (const operation of tape.operations.splice(0)) {
    const replace = replacements.get(operation);
    if (replace) replace();
    else tape.operations.push(operation);
  }
}
