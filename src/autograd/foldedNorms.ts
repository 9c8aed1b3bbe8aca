// Slopes and offsets of the batch norms of a tape, made of a module's flat arrays in one dispatch before the first is used.
import type { BatchNormParameters } from "../../kernels/batchNorm.ts";
import { foldBatchNorm, foldedSources } from "../../kernels/foldBatchNorm.ts";
import { elementCount } from "../../kernels/kernel.ts";
import type { Plane } from "./parameters.ts";
import type { Operation, Tape } from "./tape.ts";
import { bindingAlignment, type Tensor } from "./tensor.ts";

/** The norms of one module, one after the other. */
class ModuleNorms {
  /** First channel of each, where it may be bound by itself. */
  readonly #first = new Map<Operation, number>();
  #channels = 0;
  #norm: Tensor | undefined;

  constructor(
    readonly parameters: Plane,
    readonly statistics: Plane,
  ) {}

  add(operation: Operation): void {
    this.#first.set(operation, this.#channels);
    const step = bindingAlignment / 2;
    this.#channels += Math.ceil(elementCount(operation.tensors.gamma.shape) / step) * step;
  }

  of(tape: Tape, operation: Operation): Tensor {
    this.#norm ??= tape.scope(`batch norms of ${this.parameters.name}`, () => this.#fold(tape));
    const channels = elementCount(operation.tensors.gamma.shape);
    const first = this.#first.get(operation)!;
    return tape.view(this.#norm, `${operation.label}.norm`, [channels, 2], 2 * first);
  }

  #fold(tape: Tape): Tensor {
    const { parameters, statistics } = this;
    const channels = this.#channels;
    const sources = new Uint32Array(4 * channels);
    const epsilon = new Float32Array(channels).fill(1);
    for (const [operation, first] of this.#first) {
      const count = elementCount(operation.tensors.gamma.shape);
      epsilon.fill((operation.parameters as BatchNormParameters).epsilon, first, first + count);
      foldedSources.forEach((name, column) => {
        const start = offsetOf(operation.tensors[name]);
        for (let i = 0; i < count; i++) sources[4 * (first + i) + column] = start + i;
      });
    }
    const sizes = {
      channels,
      parameters: parameters.layout.length,
      statistics: statistics.layout.length,
    };
    return tape.apply(foldBatchNorm, sizes, {
      parameters: tape.flat(parameters),
      statistics: tape.flat(statistics),
      sources: tape.constant(`where the norms of ${parameters.name} are`, [channels, 4], sources),
      epsilon: tape.constant(`epsilons of ${parameters.name}`, [channels], epsilon),
    }).norm;
  }
}

function placeOf({ storage, name }: Tensor) {
  if (storage.kind !== "persistent") throw new Error(`${name} is not a parameter`);
  return storage;
}

const offsetOf = (tensor: Tensor): number => placeOf(tensor).offset;

export class FoldedNorms {
  readonly #modules = new Map<Plane, ModuleNorms>();

  /** @param operations batch norms whose parameters and statistics are persistent. */
  constructor(operations: readonly Operation[]) {
    for (const operation of operations) this.#moduleOf(operation).add(operation);
  }

  /** Slopes and offsets of one of them: a view of what is recorded here when it is first asked for. */
  of(tape: Tape, operation: Operation): Tensor {
    return this.#moduleOf(operation).of(tape, operation);
  }

  #moduleOf({ tensors: { gamma, mean } }: Operation): ModuleNorms {
    const { plane } = placeOf(gamma);
    const known = this.#modules.get(plane);
    if (known) return known;
    const module = new ModuleNorms(plane, placeOf(mean).plane);
    this.#modules.set(plane, module);
    return module;
  }
}
