// A detector's inference as an ONNX model, from the tape that the engine runs it from.
import { elementCount } from "../../kernels/kernel.ts";
import type { Plane } from "../autograd/parameters.ts";
import type { Operation, Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { type ModelDescription, OnnxGraph } from "./onnxGraph.ts";
import {
  isConvolution,
  type Map2d,
  onnxRules,
  plainConvolution,
  scoresOf,
  type Translation,
} from "./onnxRules.ts";

export interface DetectorTape {
  readonly tape: Tape;
  /** Of `recordDetection`. */
  readonly outputs: { readonly logits: Tensor; readonly boxes: Tensor };
  readonly classes: number;
}

/** Elements of a tensor that lives in a plane. */
export type ReadPersistent = (tensor: Tensor) => Float32Array;

class TapeTranslation implements Translation {
  readonly graph = new OnnxGraph();
  readonly #levels = new Map<Tensor, readonly Map2d[]>();
  readonly #producers = new Map<Tensor, Operation>();

  constructor(
    tape: Tape,
    private readonly readPersistent: ReadPersistent,
  ) {
    for (const input of tape.inputs)
      this.define(input, [{ value: input.name, height: input.shape[2], width: input.shape[3] }]);
    for (const operation of tape.operations)
      if (isConvolution(operation)) this.#producers.set(operation.tensors.y, operation);
  }

  constant = (tensor: Tensor): Float32Array => {
    const { storage } = tensor;
    if (storage.kind === "constant") return Float32Array.from(storage.data);
    if (storage.kind === "persistent") return this.readPersistent(tensor);
    throw new Error(`${tensor.name} is not known before the model runs`);
  };

  levels = (tensor: Tensor): readonly Map2d[] => {
    const known = this.#levels.get(tensor);
    if (known) return known;
    // A convolution is written down where its result is first read as it is, not through a batch norm.
    plainConvolution(this, this.producer(tensor));
    return this.levels(tensor);
  };

  define = (tensor: Tensor, levels: readonly Map2d[]): void => {
    this.#levels.set(tensor, levels);
  };

  producer = (tensor: Tensor): Operation => {
    const operation = this.#producers.get(tensor);
    if (!operation) throw new Error(`${tensor.name} [${tensor.shape}] is not made by a convolution`);
    return operation;
  };
}

/**
 * The bytes of an ONNX model (opset 17). Its inputs are the tape's images, [N, 1, height, width] in float32 and normalised as in
 * training; its outputs are `scores` [N, anchors, classes], sigmoids, and `boxes` [N, anchors, 4] as yMin, xMin, yMax, xMax in
 * pixels of the input, before non-maximum suppression.
 */
export function exportOnnx(
  { tape, outputs, classes }: DetectorTape,
  read: ReadPersistent,
  description: Pick<ModelDescription, "name" | "version" | "description" | "metadata">,
): Uint8Array {
  const translation = new TapeTranslation(tape, read);
  for (const operation of tape.operations) {
    const rule = onnxRules[operation.kernel.name];
    if (rule) rule(translation, operation);
    else if (!isConvolution(operation)) throw new Error(`no ONNX for the kernel ${operation.kernel.name}`);
  }
  const scores = scoresOf(translation, outputs.logits, classes);
  const [{ value: boxes, height: anchors }] = translation.levels(outputs.boxes);
  return translation.graph.encode({
    ...description,
    inputs: Object.fromEntries(tape.inputs.map(({ name, shape }) => [name, ["N", ...shape.slice(1)]])),
    outputs: { [scores]: ["N", anchors, classes], [boxes]: ["N", anchors, 4] },
  });
}

/** Reads persistent tensors out of whole planes. */
export const readerOf =
  (planes: ReadonlyMap<Plane, Float32Array>): ReadPersistent =>
  ({ name, shape, storage }) => {
    if (storage.kind !== "persistent") throw new Error(`${name} lives in no plane`);
    const plane = planes.get(storage.plane);
    if (!plane) throw new Error(`${name}: the plane ${storage.plane.name} was not read`);
    return plane.subarray(storage.offset, storage.offset + elementCount(shape));
  };
