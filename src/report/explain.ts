// What runs for one kernel at one shape: launch geometry, cost, the variants and why one was taken, the specialised WGSL.
import {
  type AdapterTraits,
  type Choice,
  canRun,
  costOf,
  describeChoice,
  type Kernel,
  type Parameters,
  sizeFields,
  specialize,
  untuned,
  type Variant,
  workgroupSize,
} from "../../kernels/kernel.ts";
import type { Operation } from "../autograd/tape.ts";
import { shapeOf } from "./breakdown.ts";

/** The shape of a kernel that does and moves most in one dispatch of a program, and how often the program has it. */
export interface Heaviest {
  readonly parameters: Parameters;
  readonly label: string;
  readonly dispatches: number;
  /** Dispatches of the kernel at any shape, and how many shapes they have. */
  readonly ofKernel: number;
  readonly shapes: number;
}

/** @returns undefined when the program has no dispatch of the kernel. */
export function heaviestShape(kernel: Kernel, operations: readonly Operation[]): Heaviest | undefined {
  const own = operations.filter((operation) => operation.kernel.name === kernel.name);
  const weight = ({ parameters }: Operation) => {
    const { flops, bytesRead, bytesWritten } = costOf(kernel, parameters);
    return flops + bytesRead + bytesWritten;
  };
  const [heaviest] = [...own].sort((a, b) => weight(b) - weight(a));
  if (!heaviest) return undefined;
  const key = ({ parameters }: Operation) => JSON.stringify(parameters);
  return {
    parameters: heaviest.parameters,
    label: heaviest.label,
    dispatches: own.filter((operation) => key(operation) === key(heaviest)).length,
    ofKernel: own.length,
    shapes: new Set(own.map(key)).size,
  };
}

/** A value as WGSL writes it. */
function literal(type: string, value: number): string {
  if (type === "bool") return String(value !== 0);
  if (type === "u32") return `${value}u`;
  return /[.e]/.test(String(value)) ? `${value}f` : `${value}.0f`;
}

/** The shader with its overrides as constants, and beside every field of its sizes the value that is bound. */
export function specializedShader(
  kernel: Kernel,
  choice: Choice,
  parameters: Parameters,
  traits: AdapterTraits,
): string {
  const { variant } = choice;
  const { overrides, sizes } = specialize(kernel, choice, parameters, traits);
  const values = new Map(sizeFields(variant.shader).map((field, index) => [field, sizes[index]]));
  return variant.shader
    .replace(/^override (\w+): (\w+);/gm, (_, name: string, type: string) => {
      return `const ${name}: ${type} = ${literal(type, overrides[name])};`;
    })
    .replace(/^( *)(\w+): u32,/gm, (line, indent: string, field: string) =>
      values.has(field) ? `${indent}${field}: u32, /* ${values.get(field)} */` : line,
    );
}

const supports = (variant: Variant, parameters: Parameters): boolean =>
  variant.supports?.(parameters) ?? true;

/** Why the engine takes a variant or passes it over. */
function verdictOf(
  kernel: Kernel,
  variant: Variant,
  chosen: Variant,
  parameters: Parameters,
  traits: AdapterTraits,
): string {
  if (variant === chosen) return "taken";
  if (!supports(variant, parameters)) return "passed over: it does not support this shape";
  if (!canRun(variant, traits))
    return "passed over: the adapter has no subgroups, or none of a size that it takes";
  if (traits.software && variant.barriers)
    return "passed over: it synchronises workgroups, which costs software a coroutine switch an invocation";
  if (!traits.software && variant.subgroups)
    return "passed over: it shares loads by subgroups, which pays where software loads";
  if (kernel.variants.indexOf(variant) < kernel.variants.indexOf(chosen))
    return "passed over: another was measured to be faster here";
  return "passed over: a faster one comes first";
}

function describeLaunch(
  kernel: Kernel,
  choice: Choice,
  parameters: Parameters,
  traits: AdapterTraits,
): string {
  const workgroups = choice.variant.workgroups(parameters, choice.tuning);
  const size = workgroupSize(specialize(kernel, choice, parameters, traits));
  const count = workgroups.reduce((product, extent) => product * extent, 1);
  return `${workgroups.join(" x ")} workgroups of ${size} invocations: ${(count * size).toLocaleString("en")} invocations`;
}

function describeCost(kernel: Kernel, parameters: Parameters): string {
  const { flops, bytesRead, bytesWritten } = costOf(kernel, parameters);
  const number = (value: number) => value.toLocaleString("en");
  const intensity = (flops / (bytesRead + bytesWritten)).toFixed(3);
  return `${number(flops)} FLOP, ${number(bytesRead)} bytes read, ${number(bytesWritten)} written: ${intensity} FLOP a byte`;
}

/** @param choice what the engine takes for the parameters on an adapter with these traits. */
export function explainKernel(
  kernel: Kernel,
  parameters: Parameters,
  choice: Choice,
  traits: AdapterTraits,
): string {
  const { variant: chosen } = choice;
  const bindings = kernel
    .bindings(parameters)
    .map(({ name, access, shape, dtype = "f32" }) => `  ${name}: ${access} ${dtype} [${shape.join(", ")}]`);
  const variants = kernel.variants.flatMap((variant) => [
    `  ${variant.name}: ${verdictOf(kernel, variant, chosen, parameters, traits)}`,
    ...(supports(variant, parameters)
      ? [`    ${describeLaunch(kernel, variant === chosen ? choice : untuned(variant), parameters, traits)}`]
      : []),
  ]);
  return [
    `${kernel.name}: ${shapeOf(parameters)}`,
    `\nbindings\n${bindings.join("\n")}`,
    `\ncost\n  ${describeCost(kernel, parameters)}`,
    `\nvariants, in the order of preference\n${variants.join("\n")}`,
    `\nshader of ${describeChoice(choice)}, overrides as constants, sizes with what is bound\n\n${specializedShader(kernel, choice, parameters, traits)}`,
  ].join("\n");
}
