// Named parameters in one flat array, and the other arrays of the same layout that go with it (gradients, optimiser
// state, averages). Pure: the engine makes the buffers.
import { elementCount, type Shape } from "../../kernels/kernel.ts";
import { RandomStream } from "../base/random.ts";
import { bindingAlignment as alignment } from "./tensor.ts";

/** How a parameter's first values are drawn. */
export type Initializer =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly deviation: number }
  | { readonly kind: "uniform"; readonly bound: number };

export interface Entry {
  readonly name: string;
  readonly shape: Shape;
  /** Elements from the start of the flat array. */
  readonly offset: number;
  readonly initializer: Initializer;
  /** Whether weight decay applies. */
  readonly decay: boolean;
}

/** Entries side by side in one flat float32 array. */
export class FlatLayout {
  readonly entries: Entry[] = [];
  readonly #byName = new Map<string, Entry>();
  /** Elements, padding included. */
  length = 0;

  /** Adds an entry, or returns the one that already has this name and shape. */
  declare(name: string, shape: Shape, initializer: Initializer, decay = false): Entry {
    const known = this.#known(name, shape);
    if (known) return known;
    const entry = this.#append({ name, shape, initializer, decay });
    this.length = Math.ceil(this.length / alignment) * alignment;
    return entry;
  }

  /**
   * Adds entries of one shape without a gap between them, or returns those that are there.
   * @returns all of them as one entry [names, …shape].
   * @throws Error when some of them are there already, but not side by side.
   */
  declareStack(names: readonly string[], shape: Shape, initializer: Initializer, decay = false): Entry {
    const entries = names.map(
      (name) => this.#known(name, shape) ?? this.#append({ name, shape, initializer, decay }),
    );
    const [{ offset }] = entries;
    if (entries.some((entry, index) => entry.offset !== offset + index * elementCount(shape)))
      throw new Error(`parameters ${names.join(", ")}: declared before, but not side by side`);
    this.length = Math.ceil(this.length / alignment) * alignment;
    return { ...entries[0], name: names.join(" "), shape: [names.length, ...shape] };
  }

  #known(name: string, shape: Shape): Entry | undefined {
    const known = this.#byName.get(name);
    if (known && known.shape.join() !== shape.join())
      throw new Error(`parameter ${name}: declared as [${known.shape}] and again as [${shape}]`);
    return known;
  }

  #append(given: Omit<Entry, "offset">): Entry {
    const entry = { ...given, offset: this.length };
    this.entries.push(entry);
    this.#byName.set(entry.name, entry);
    this.length += elementCount(entry.shape);
    return entry;
  }

  find(name: string): Entry | undefined {
    return this.#byName.get(name);
  }

  /** Elements that belong to an entry: the number of parameters. */
  get count(): number {
    return this.entries.reduce((sum, entry) => sum + elementCount(entry.shape), 0);
  }
}

/** One flat array on the device. Two planes of one layout differ in what they hold for the same entries. */
export interface Plane {
  readonly name: string;
  readonly layout: FlatLayout;
}

/** The arrays that go with a module's parameters, and those that go with its running statistics. */
export type PlaneName =
  | "values"
  | "gradients"
  | "momentum"
  | "secondMoment"
  | "decay"
  | "average"
  | "statistics"
  | "averageStatistics";

/** A module's state: trained parameters and running statistics, each in flat planes. */
export class ParameterSet {
  readonly parameters = new FlatLayout();
  readonly statistics = new FlatLayout();
  readonly #planes = new Map<PlaneName, Plane>();

  constructor(readonly name: string) {}

  plane(name: PlaneName): Plane {
    const known = this.#planes.get(name);
    if (known) return known;
    const layout = name === "statistics" || name === "averageStatistics" ? this.statistics : this.parameters;
    const plane = { name: `${this.name}/${name}`, layout };
    this.#planes.set(name, plane);
    return plane;
  }
}

/**
 * The first values of every entry of a layout, padding zero.
 * @param stream tells modules of one run apart; each entry draws from a stream of its own, so that adding an entry
 * changes no other.
 */
export function initialValues(layout: FlatLayout, seed: number, stream: string): Float32Array<ArrayBuffer> {
  const values = new Float32Array(layout.length);
  for (const { name, shape, offset, initializer } of layout.entries) {
    const random = new RandomStream(seed, `initial values/${stream}/${name}`);
    const draw = sampler(initializer, random);
    for (let i = 0; i < elementCount(shape); i++) values[offset + i] = draw();
  }
  return values;
}

function sampler(initializer: Initializer, random: RandomStream): () => number {
  if (initializer.kind === "constant") return () => initializer.value;
  if (initializer.kind === "normal") return () => initializer.deviation * random.nextNormal();
  return () => random.nextUniform(-initializer.bound, initializer.bound);
}

/** 1 for every element that weight decay applies to, else 0. */
export function decayMask(layout: FlatLayout): Float32Array<ArrayBuffer> {
  const mask = new Float32Array(layout.length);
  for (const { offset, shape, decay } of layout.entries)
    if (decay) mask.fill(1, offset, offset + elementCount(shape));
  return mask;
}
