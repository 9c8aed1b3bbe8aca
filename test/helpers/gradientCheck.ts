// Central differences of the float64 references against the gradients that the tape records for the same operations.
import { elementCount, type Shape } from "../../kernels/kernel.ts";
import { gradientTable } from "../../src/autograd/gradients.ts";
import { Interpreter } from "../../src/autograd/interpreter.ts";
import { Tape } from "../../src/autograd/tape.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import { RandomStream } from "../../src/base/random.ts";
import { assertClose } from "./compare.ts";

export interface GradientCase {
  readonly name: string;
  /** Shapes of the inputs that are differentiated. */
  readonly inputs: Readonly<Record<string, Shape>>;
  /** Values of the inputs, where uniform ±1 does not do. */
  readonly values?: Readonly<Record<string, ArrayLike<number>>>;
  build(tape: Tape, inputs: Record<string, Tensor>): Tensor;
  readonly step?: number;
}

/** `count` values in ±1 in random order, no two closer than 1/count: no maximum changes within a difference's step. */
export function separatedValues(count: number, name: string): Float64Array {
  const order = new RandomStream(6, name).nextPermutation(count);
  return Float64Array.from(order, (rank) => (2 * rank + 1) / count - 1);
}

/**
 * Differentiates sum(weights · output) for random weights with respect to every element of every input, both ways.
 * float64 differences with a step of 1e-5 are good to about 1e-9; the bound leaves a hundred times that.
 */
export function checkGradients({ name, inputs, values = {}, build, step = 1e-5 }: GradientCase): void {
  const tape = new Tape();
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([input, shape]) => [input, tape.input(input, shape, "f32", true)]),
  );
  const output = build(tape, tensors);
  const forward = tape.operations.length;
  const upstream = tape.input("upstream", output.shape);
  const gradients = tape.backward(gradientTable, output, upstream);

  const stream = new RandomStream(5, name);
  const draw = (count: number) => Float64Array.from({ length: count }, () => stream.nextUniform(-1, 1));
  const data: Record<string, Float64Array> = { upstream: draw(elementCount(output.shape)) };
  for (const [input, shape] of Object.entries(inputs))
    data[input] = Float64Array.from(values[input] ?? draw(elementCount(shape)));

  const whole = new Interpreter();
  whole.run(tape, data);
  const forwardOnly = {
    inputs: tape.inputs,
    operations: tape.operations.slice(0, forward),
  } as unknown as Tape;
  const objective = () => {
    const interpreter = new Interpreter();
    interpreter.run(forwardOnly, data);
    return interpreter.values(output).reduce((sum, value, index) => sum + value * data.upstream[index], 0);
  };
  for (const input of Object.keys(inputs)) {
    const expected = data[input].map((value, index) => {
      data[input][index] = value + step;
      const above = objective();
      data[input][index] = value - step;
      const below = objective();
      data[input][index] = value;
      return (above - below) / (2 * step);
    });
    if (!gradients[input]) throw new Error(`${name}: no gradient of ${input}`);
    assertClose(
      whole.values(gradients[input]),
      expected,
      { absolute: 1e-7, relative: 1e-7 },
      `${name} d${input}`,
    );
  }
}
