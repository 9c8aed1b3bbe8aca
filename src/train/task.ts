// What is trained: named sets of parameters, and the losses that a batch of pairs gives them.
import type { LayerMode } from "../autograd/layers.ts";
import { concatChannels } from "../autograd/operations/concatenation.ts";
import type { ParameterSet } from "../autograd/parameters.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";

export type Modality = "ffdm" | "sm";

export interface BatchShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  /** Rows of ground truth an image. */
  readonly maxBoxes: number;
}

/** A batch of pairs as tape inputs, each declared when it is first asked for, so that nothing unused is uploaded. */
export class BatchInputs {
  readonly #inputs = new Map<string, Tensor>();
  #both: Tensor | undefined;

  constructor(
    readonly tape: Tape,
    readonly shape: BatchShape,
  ) {}

  /** [N, 1, H, W]; of both images [N, 2, H, W], the SM first. */
  image(kind: Modality | "both"): Tensor {
    if (kind === "both")
      return (this.#both ??= concatChannels(this.tape, this.image("sm"), this.image("ffdm")));
    const { batch, height, width } = this.shape;
    return this.#input(kind, [batch, 1, height, width]);
  }

  /** Boxes f32 [N, G, 4] in pixels and classes i32 [N, G] from 1; unused rows −1. */
  groundTruth(modality: Modality): { boxes: Tensor; classes: Tensor } {
    const { batch, maxBoxes } = this.shape;
    return {
      boxes: this.#input(`${modality}Boxes`, [batch, maxBoxes, 4]),
      classes: this.#input("classes", [batch, maxBoxes], "i32"),
    };
  }

  #input(name: string, shape: readonly number[], dtype: "f32" | "i32" = "f32"): Tensor {
    let tensor = this.#inputs.get(name);
    if (!tensor) {
      tensor = this.tape.input(name, shape, dtype);
      this.#inputs.set(name, tensor);
    }
    return tensor;
  }
}

/** Scalars [1]: what is minimised, and whatever else is worth watching. */
export type Losses = { readonly loss: Tensor } & Readonly<Record<string, Tensor>>;

export interface Task {
  /** Identifies the task in files and messages: "stage1-module_a". */
  readonly name: string;
  /** For people: "stage 1: module A on SM". */
  readonly title: string;
  readonly trained: readonly ParameterSet[];
  /** Records the losses. @param mode how the layers of trained sets run; all others are frozen. */
  losses(tape: Tape, batch: BatchInputs, mode: LayerMode): Losses;
}
