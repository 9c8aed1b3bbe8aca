// The tape records operations on symbolic tensors and walks them once in reverse. It allocates nothing and knows no
// device: the engine turns it into a program, the interpreter evaluates it in float64.
import {
  type Binding,
  type DataType,
  elementCount,
  type Kernel,
  type Parameters,
  type Shape,
} from "../../kernels/kernel.ts";
import { Contributions, firstReads } from "./contributions.ts";
import type { Entry, ParameterSet, Plane, PlaneName } from "./parameters.ts";
import { describeTensor, type HostArray, type Storage, type Tensor } from "./tensor.ts";

/** One kernel launch, with a tensor for each of the kernel's bindings. */
export interface Operation {
  readonly kernel: Kernel;
  readonly parameters: Parameters;
  readonly bindings: readonly Binding[];
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Where in the model: "backbone.blocks.0.0.conv_dw depthwiseConv2d". */
  readonly label: string;
}

/**
 * Gradients of an operation's inputs by binding name, given the gradients of its outputs by binding name: of the
 * input's shape, or partial sums of it along one more leading dimension, which the tape adds.
 * @param wants which inputs need one.
 * @param addend hands out an earlier contribution to an input's gradient, if there is one, which the rule must then
 * add to its own: cheaper than a sum of both afterwards.
 */
export type GradientRule = (
  tape: Tape,
  operation: Operation,
  upstream: Readonly<Record<string, Tensor>>,
  wants: (binding: string) => boolean,
  addend: (binding: string) => Tensor | undefined,
) => Partial<Record<string, Tensor>>;

/** Launches that `backward` sees as one, because their gradient is not best computed launch by launch. */
interface Group {
  readonly first: number;
  readonly label: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly output: Tensor;
  readonly gradient: GroupGradient;
}

/** Gradients of a group's inputs by name, given that of its output. */
export type GroupGradient = (upstream: Tensor) => Partial<Record<string, Tensor>>;

export type GradientTable = Readonly<Record<string, GradientRule>>;

export class Tape {
  readonly operations: Operation[] = [];
  readonly inputs: Tensor[] = [];
  readonly #parameters = new Map<string, { tensor: Tensor; set: ParameterSet; entry: Entry }>();
  readonly #zeros = new Map<number, Tensor>();
  /** By the position of their last operation. */
  readonly #groups = new Map<number, Group>();
  #scope: string[] = [];
  #nextId = 0;

  /** Runs `body` with `name` in front of the labels of what it records. */
  scope<T>(name: string, body: () => T): T {
    this.#scope.push(name);
    try {
      return body();
    } finally {
      this.#scope.pop();
    }
  }

  /** A tensor that the host writes before a run. */
  input(name: string, shape: Shape, dtype: DataType = "f32", needsGradient = false): Tensor {
    const tensor = this.#tensor(name, shape, dtype, { kind: "input" }, needsGradient);
    this.inputs.push(tensor);
    return tensor;
  }

  /** A tensor whose values never change. */
  constant(name: string, shape: Shape, data: HostArray): Tensor {
    if (data.length !== elementCount(shape))
      throw new Error(`constant ${name}: ${data.length} values for the shape [${shape}]`);
    const dtype = data instanceof Float32Array ? "f32" : data instanceof Int32Array ? "i32" : "u32";
    return this.#tensor(name, shape, dtype, { kind: "constant", data }, false);
  }

  /** A vector of zeros; one for each length. */
  zeros(length: number): Tensor {
    const known = this.#zeros.get(length);
    if (known) return known;
    const tensor = this.constant(`zeros ${length}`, [length], new Float32Array(length));
    this.#zeros.set(length, tensor);
    return tensor;
  }

  /** The tensor of an entry of a set's flat plane. One tensor for one entry, however often it is asked for. */
  parameter(set: ParameterSet, entry: Entry, trainable: boolean, plane: PlaneName = "values"): Tensor {
    const flat = set.plane(plane);
    const key = `${flat.name}:${entry.name}`;
    const known = this.#parameters.get(key);
    if (known) return known.tensor;
    const storage: Storage = { kind: "persistent", plane: flat, offset: entry.offset };
    const tensor = this.#tensor(`${set.name}/${entry.name}`, entry.shape, "f32", storage, trainable);
    this.#parameters.set(key, { tensor, set, entry });
    return tensor;
  }

  /** A whole flat plane as one vector, padding included. */
  plane(set: ParameterSet, name: PlaneName): Tensor {
    return this.flat(set.plane(name));
  }

  /** The same, of a plane that is at hand. */
  flat(plane: Plane): Tensor {
    const storage: Storage = { kind: "persistent", plane, offset: 0 };
    return this.#tensor(plane.name, [plane.layout.length], "f32", storage, false);
  }

  /** A range of a tensor that is not differentiated. @param offset see `Storage`. */
  view(of: Tensor, name: string, shape: Shape, offset: number): Tensor {
    return this.#tensor(name, shape, of.dtype, { kind: "view", of, offset }, false);
  }

  /**
   * Records one launch of a kernel. `given` holds a tensor for every binding that is read, and for those written ones
   * that already have a home; the other outputs are made here, with the kernel's shape or the one in `shapes`.
   * @returns the written tensors by binding name.
   * @throws Error with the operation's label when a tensor is missing or has another size or type.
   */
  apply<P extends Parameters>(
    kernel: Kernel<P>,
    parameters: P,
    given: Readonly<Record<string, Tensor>>,
    shapes: Readonly<Record<string, Shape>> = {},
  ): Record<string, Tensor> {
    const label = [...this.#scope, kernel.name].join(" ");
    const bindings = kernel.bindings(parameters);
    const needsGradient = Object.values(given).some((tensor) => tensor.needsGradient);
    const tensors: Record<string, Tensor> = {};
    const outputs: Record<string, Tensor> = {};
    for (const binding of bindings) {
      const shape = shapes[binding.name] ?? binding.shape;
      const tensor = given[binding.name] ?? this.#output(label, { ...binding, shape }, needsGradient);
      checkBinding(label, binding, tensor);
      tensors[binding.name] = tensor;
      if (binding.access !== "read") outputs[binding.name] = tensor;
    }
    this.operations.push({ kernel: kernel as unknown as Kernel, parameters, bindings, tensors, label });
    return outputs;
  }

  /**
   * Records `body`, whose gradient with respect to `inputs` is a rule of its own in place of its operations'. Nothing but
   * its output is used outside it.
   */
  group(
    inputs: Readonly<Record<string, Tensor>>,
    body: () => { output: Tensor; gradient: GroupGradient },
  ): Tensor {
    const first = this.operations.length;
    const { output, gradient } = body();
    const last = this.operations.length - 1;
    const { label } = this.operations[last];
    this.#groups.set(last, { first, label, inputs, output, gradient });
    return output;
  }

  /**
   * Records the gradient of `target` with respect to every trainable parameter, each into its place in the flat
   * `gradients` plane of its set, and with respect to inputs that asked for one.
   * @param upstream the gradient of the final value with respect to `target`; 1 for a scalar loss.
   * @returns the gradients of the inputs that need one, by input name.
   */
  backward(table: GradientTable, target: Tensor, upstream?: Tensor): Record<string, Tensor> {
    const seed = upstream ?? this.constant("one", [1], new Float32Array([1]));
    const gradients = new Contributions(this);
    gradients.add(target, seed);
    const recorded = this.operations.slice();
    const complete = firstReads(recorded);
    for (let last = recorded.length - 1; last >= 0; last--) {
      const group = this.#groups.get(last);
      if (group) this.#reverseGroup(group, gradients);
      else this.#reverse(table, recorded[last], gradients);
      const first = group?.first ?? last;
      for (; last > first; last--)
        for (const tensor of complete.get(recorded[last])!) gradients.total(tensor);
      for (const tensor of complete.get(recorded[first])!) gradients.total(tensor);
    }
    this.#placeParameterGradients(gradients);
    return Object.fromEntries(
      this.inputs.flatMap((input) => {
        const gradient = gradients.total(input);
        return gradient ? [[input.name, gradient]] : [];
      }),
    );
  }

  #reverse(table: GradientTable, operation: Operation, gradients: Contributions): void {
    const { kernel, bindings, tensors, label } = operation;
    const wants = (name: string) => tensors[name].needsGradient;
    if (!bindings.some(({ name, access }) => access === "read" && wants(name))) return;
    const upstream: Record<string, Tensor> = {};
    for (const { name, access } of bindings) {
      const gradient = access === "read" ? undefined : gradients.total(tensors[name]);
      if (gradient) upstream[name] = gradient;
    }
    if (Object.keys(upstream).length === 0) return;
    const rule = table[kernel.name];
    if (!rule) throw new Error(`${label}: ${kernel.name} has no gradient`);
    const addend = (name: string) => gradients.take(tensors[name]);
    const results = this.scope(`∇ ${label}`, () => rule(this, operation, upstream, wants, addend));
    gradients.addAll(tensors, results);
  }

  #reverseGroup({ label, inputs, output, gradient }: Group, gradients: Contributions): void {
    const upstream = gradients.total(output);
    if (!upstream || !output.needsGradient) return;
    gradients.addAll(
      inputs,
      this.scope(`∇ ${label}`, () => gradient(upstream)),
    );
  }

  /** Gives each parameter's gradient its home in the flat plane; entries that no gradient reached keep their zeros. */
  #placeParameterGradients(gradients: Contributions): void {
    const placed = new Set<Tensor>();
    for (const { tensor, set, entry } of this.#parameters.values()) {
      const gradient = gradients.total(tensor);
      if (!gradient) continue;
      if (gradient.storage.kind !== "transient" || placed.has(gradient))
        throw new Error(`${tensor.name}: its gradient ${gradient.name} already has a home`);
      gradient.storage = { kind: "persistent", plane: set.plane("gradients"), offset: entry.offset };
      placed.add(gradient);
    }
  }

  #output(label: string, binding: Binding, needsGradient: boolean): Tensor {
    if (binding.access !== "write") throw new Error(`${label}: no tensor given for ${binding.name}`);
    const name = `${label}.${binding.name}`;
    return this.#tensor(name, binding.shape, binding.dtype ?? "f32", { kind: "transient" }, needsGradient);
  }

  #tensor(name: string, shape: Shape, dtype: DataType, storage: Storage, needsGradient: boolean): Tensor {
    return { id: this.#nextId++, name, shape, dtype, storage, needsGradient };
  }
}

function checkBinding(label: string, binding: Binding, tensor: Tensor): void {
  const dtype = binding.dtype ?? "f32";
  if (tensor.dtype === dtype && elementCount(tensor.shape) === elementCount(binding.shape)) return;
  throw new Error(
    `${label}: ${binding.name} must be ${dtype}[${binding.shape}], got ${describeTensor(tensor)}`,
  );
}
