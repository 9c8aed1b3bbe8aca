// What flows into the gradient of each tensor while the tape is walked in reverse, until it is summed.
import { elementCount } from "../../kernels/kernel.ts";
import { maxSummands } from "../../kernels/sumLeading.ts";
import { sumParts } from "./operations/reduction.ts";
import type { Operation, Tape } from "./tape.ts";
import type { Tensor } from "./tensor.ts";

/** Whether `gradient` is of `tensor` as it stands, not partial sums along one more leading dimension. */
const isWhole = (gradient: Tensor, tensor: Tensor): boolean =>
  elementCount(gradient.shape) === elementCount(tensor.shape);

export class Contributions {
  readonly #pending = new Map<Tensor, Tensor[]>();

  constructor(private readonly tape: Tape) {}

  /** @param gradient of the tensor's shape, or partial sums of it along one more leading dimension. */
  add(tensor: Tensor, gradient: Tensor): void {
    this.#pending.set(tensor, [...(this.#pending.get(tensor) ?? []), gradient]);
  }

  /** Adds gradients to those of the tensors of the same names that need one. */
  addAll(tensors: Readonly<Record<string, Tensor>>, gradients: Partial<Record<string, Tensor>>): void {
    for (const [name, gradient] of Object.entries(gradients))
      if (gradient && tensors[name].needsGradient) this.add(tensors[name], gradient);
  }

  /** Hands out one whole contribution, for a rule that adds it to its own. */
  take(tensor: Tensor): Tensor | undefined {
    const parts = this.#pending.get(tensor) ?? [];
    const index = parts.findLastIndex((part) => isWhole(part, tensor));
    return index < 0 ? undefined : parts.splice(index, 1)[0];
  }

  /** The sum of what has come in; nothing when nothing has. Recorded once: what follows is added to it. */
  total(tensor: Tensor): Tensor | undefined {
    const parts = this.#pending.get(tensor);
    if (!parts || parts.length === 0) return undefined;
    while (parts.length > 1 || !isWhole(parts[0], tensor)) {
      const summands = parts.splice(0, maxSummands);
      parts.unshift(this.tape.scope(`∇ ${tensor.name}`, () => sumParts(this.tape, summands, tensor.shape)));
    }
    return parts[0];
  }
}

/** The tensors that each operation is the first to read: once it is reversed, nothing more flows into their gradients. */
export function firstReads(operations: readonly Operation[]): Map<Operation, readonly Tensor[]> {
  const seen = new Set<Tensor>();
  return new Map(
    operations.map((operation) => {
      const reads = operation.bindings.filter(({ access }) => access === "read");
      const tensors = new Set(reads.map(({ name }) => operation.tensors[name]));
      const fresh = [...tensors].filter((tensor) => !seen.has(tensor));
      for (const tensor of fresh) seen.add(tensor);
      return [operation, fresh];
    }),
  );
}
