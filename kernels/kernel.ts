// What a kernel is: one plain record that the tape, the engine, the tests, the benchmarks and the printed kernel
// table all read. Everything in it is a pure function of the kernel's parameters.

export type Shape = readonly number[];
export type DataType = "f32" | "i32" | "u32";

/** `write` overwrites every element; `readWrite` updates in place. */
export type Access = "read" | "write" | "readWrite";

/** One storage buffer of a kernel. Position in the list is the `@binding` number. */
export interface Binding {
  readonly name: string;
  readonly access: Access;
  readonly shape: Shape;
  /** Default f32. */
  readonly dtype?: DataType;
  /** Elements that are touched, where that is a few of many. Default all. */
  readonly touched?: number;
}

/** A kernel's parameters: what its pipeline is specialised for. Plain values, so that they can be a cache key. */
export type Parameters = Readonly<Record<string, number | boolean | string>>;

/** Float64 images of a kernel's bindings, by name; integers are held exactly. */
export type Buffers = Record<string, Float64Array>;

export type Workgroups = readonly [x: number, y: number, z: number];

/** Values of a variant's tunables, by name. */
export type Tuning = Readonly<Record<string, number>>;

/** One way to compute a kernel. */
export interface Variant<P extends Parameters = Parameters> {
  readonly name: string;
  readonly shader: string;
  /**
   * What may be tuned, and to which values, the default first. It changes how the work is divided among invocations,
   * never the shape of a binding.
   */
  readonly tunables?: Readonly<Record<string, readonly number[]>>;
  /** Values of the shader's `override`s and of the fields of its `Sizes`; the shader says which is which. */
  constants(parameters: P, tuning: Tuning): Record<string, number>;
  workgroups(parameters: P, tuning: Tuning): Workgroups;
  /** Absent: every parameter set. */
  supports?(parameters: P): boolean;
  /** Whether it synchronises workgroups: fast on a GPU, slow where software makes every invocation a coroutine. */
  readonly barriers?: boolean;
  /**
   * The least subgroup among whose invocations it spreads what they load or sum: fast in software, where a load is what
   * costs. A shader may take their size as the override SUBGROUP, which is not for `constants` to give.
   */
  readonly subgroups?: 4 | 8;
}

/** How a kernel is computed: a variant, and a value for each of its tunables. */
export interface Choice<P extends Parameters = Parameters> {
  readonly variant: Variant<P>;
  readonly tuning: Tuning;
}

/** What the choice of a variant depends on. */
export interface AdapterTraits {
  /** Whether software runs the kernels. */
  readonly software: boolean;
  /** Invocations in a subgroup; 0 where the adapter has no subgroups or not all of one size. */
  readonly subgroupSize: number;
}

export interface Kernel<P extends Parameters = Parameters> {
  /** Also the stem of its record, its shader and its test. */
  readonly name: string;
  bindings(parameters: P): readonly Binding[];
  /** Fastest first; the last one is plain and supports everything. */
  readonly variants: readonly Variant<P>[];
  /** Floating-point operations, a fused multiply-add counting as two. */
  flops(parameters: P): number;
  /** Computes the written bindings from the read ones, in float64, in place. */
  reference(parameters: P, buffers: Buffers): void;
  /** What the tests run: prime and edge sizes, every flag. */
  readonly cases: readonly P[];
  /** Inputs that must obey a rule (class numbers, variances); the others are uniform in ±1 and never 0. */
  testInputs?(parameters: P, uniform: () => number): Partial<Buffers>;
  /**
   * Largest |WGSL − reference| allowed: absolute + relative · |reference|. Default 1e-5 and 1e-5: some tens of
   * float32 roundings of values near 1.
   */
  readonly tolerance?: { readonly absolute: number; readonly relative: number; readonly reason: string };
}

export function elementCount(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Whether an adapter can run a variant at all. */
export const canRun = ({ subgroups }: Variant, { subgroupSize }: AdapterTraits): boolean =>
  !subgroups || (subgroupSize >= subgroups && (subgroupSize === 4 || subgroupSize % 8 === 0));

/**
 * The first variant for the parameters that is good on an adapter, in software without barriers, else without subgroups;
 * where none is good, the first that can run.
 */
export function chooseVariant(kernel: Kernel, parameters: Parameters, traits: AdapterTraits): Variant {
  const able = kernel.variants.filter(
    (candidate) => canRun(candidate, traits) && (candidate.supports?.(parameters) ?? true),
  );
  const good = able.find(({ barriers, subgroups }) => !(traits.software ? barriers : subgroups));
  const variant = good ?? able[0];
  if (!variant) throw new Error(`${kernel.name}: no variant for ${JSON.stringify(parameters)}`);
  return variant;
}

/** Every tuning of a variant, the default first. */
export function tuningsOf<P extends Parameters>({ tunables = {} }: Variant<P>): Tuning[] {
  return Object.entries(tunables).reduce<Tuning[]>(
    (tunings, [name, values]) =>
      tunings.flatMap((tuning) => values.map((value) => ({ ...tuning, [name]: value }))),
    [{}],
  );
}

/** The variant with its tunables at their defaults. */
export const untuned = <P extends Parameters>(variant: Variant<P>): Choice<P> => ({
  variant,
  tuning: tuningsOf(variant)[0],
});

/** Everything that an adapter can run for the parameters, its default first. */
export function choicesFor(kernel: Kernel, parameters: Parameters, traits: AdapterTraits): Choice[] {
  const able = kernel.variants.filter(
    (variant) => canRun(variant, traits) && (variant.supports?.(parameters) ?? true),
  );
  const preferred = chooseVariant(kernel, parameters, traits);
  return [preferred, ...able.filter((variant) => variant !== preferred)].flatMap((variant) =>
    tuningsOf(variant).map((tuning) => ({ variant, tuning })),
  );
}

/** "tiled", or "tiled WORKGROUP=128" where a tunable is not at its default. */
export function describeChoice({ variant, tuning }: Choice): string {
  const tuned = Object.entries(tuning).filter(([name, value]) => value !== variant.tunables?.[name]?.[0]);
  return [variant.name, ...tuned.map(([name, value]) => `${name}=${value}`)].join(" ");
}

/** The kernel with a single way to compute it. */
export function pinned<P extends Parameters>(kernel: Kernel<P>, { variant, tuning }: Choice<P>): Kernel<P> {
  const single: Variant<P> = {
    ...variant,
    tunables: undefined,
    constants: (parameters) => variant.constants(parameters, tuning),
    workgroups: (parameters) => variant.workgroups(parameters, tuning),
  };
  return { ...kernel, variants: [single] };
}

/** "pointwiseConv2d batch=4 inputs=64 …": the same text for the same shape. */
export function describeShape(kernel: Kernel, parameters: Parameters): string {
  const fields = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return [kernel.name, ...fields].join(" ");
}

/** What a dispatch gives its shader besides buffers. */
export interface Specialization {
  /** Values of `override`s, compiled into the pipeline. */
  readonly overrides: Record<string, number>;
  /**
   * The fields of the shader's `Sizes`, a uniform bound after the storage buffers. One pipeline serves all their values:
   * machine code for every shape of a network would take longer to compile than many steps take to run.
   */
  readonly sizes: Uint32Array<ArrayBuffer>;
}

/** The fields of a shader's `struct Sizes`, all u32, in order. */
export function sizeFields(shader: string): string[] {
  const [, body = ""] = /struct Sizes \{([^}]*)\}/.exec(shader) ?? [];
  return Array.from(body.matchAll(/^ *(\w+): u32,/gm), ([, field]) => field);
}

/** @throws Error when the record gives no value for one of the shader's sizes. */
export function specialize(
  kernel: Kernel,
  { variant, tuning }: Choice,
  parameters: Parameters,
  { subgroupSize }: AdapterTraits,
): Specialization {
  const overrides = { ...variant.constants(parameters, tuning) };
  if (variant.shader.includes("override SUBGROUP:")) overrides.SUBGROUP = subgroupSize;
  const sizes = sizeFields(variant.shader).map((field) => {
    const value = overrides[field];
    if (value === undefined) throw new Error(`${kernel.name}/${variant.name}: no value for ${field}`);
    delete overrides[field];
    return value;
  });
  return { overrides, sizes: Uint32Array.from(sizes) };
}

/** Invocations a workgroup: a shader's WORKGROUP, or one subgroup. */
export const workgroupSize = ({ overrides }: Specialization): number =>
  overrides.WORKGROUP ?? overrides.SUBGROUP;

export interface Cost {
  readonly flops: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** FLOPs, and the bytes that must cross memory at least once: what is touched of every binding, four bytes an element. */
export function costOf<P extends Parameters>(kernel: Kernel<P>, parameters: P): Cost {
  const bytes = (wanted: Access) =>
    kernel
      .bindings(parameters)
      .filter((binding) => binding.access === wanted || binding.access === "readWrite")
      .reduce((sum, binding) => sum + 4 * (binding.touched ?? elementCount(binding.shape)), 0);
  return { flops: kernel.flops(parameters), bytesRead: bytes("read"), bytesWritten: bytes("write") };
}

export const divideUp = (dividend: number, divisor: number): number => Math.ceil(dividend / divisor);

/** The most workgroups that WebGPU dispatches along one dimension. */
export const maxWorkgroupsPerDimension = 65_535;

/**
 * A grid of at least `count` workgroups. A shader finds its own number as
 * `workgroup_id.y * num_workgroups.x + workgroup_id.x` and must leave when that is `count` or more.
 */
export function linearWorkgroups(count: number): Workgroups {
  if (count <= maxWorkgroupsPerDimension) return [Math.max(count, 1), 1, 1];
  const rows = divideUp(count, maxWorkgroupsPerDimension);
  return [divideUp(count, rows), rows, 1];
}
