import { type DataType, elementCount, type Shape } from "../../kernels/kernel.ts";
import type { Plane } from "./parameters.ts";

export type HostArray = Float32Array | Int32Array | Uint32Array;

/** WebGPU binds storage at multiples of 256 bytes, so what is bound by itself starts at a multiple of 64 elements. */
export const bindingAlignment = 64;

/** Where a tensor's elements live. */
export type Storage =
  /** Planned by the engine, from its producer to its last reader. */
  | { readonly kind: "transient" }
  /** Written by the host before a run; keeps its content until it is written again. */
  | { readonly kind: "input" }
  /** Uploaded once. */
  | { readonly kind: "constant"; readonly data: HostArray }
  /** A range of another tensor of the program, from element `offset` on, a multiple of `bindingAlignment`. */
  | { readonly kind: "view"; readonly of: Tensor; readonly offset: number }
  /** A range of a flat array that outlives the program. */
  | { readonly kind: "persistent"; readonly plane: Plane; readonly offset: number };

/** A symbolic tensor: a shape and a name, no memory. */
export interface Tensor {
  readonly id: number;
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DataType;
  storage: Storage;
  /** Whether a gradient with respect to it is wanted, or flows through it to one that is. */
  readonly needsGradient: boolean;
}

export function describeTensor(tensor: Tensor): string {
  return `${tensor.name} ${tensor.dtype}[${tensor.shape.join(",")}]`;
}

export const byteLength = (tensor: Tensor): number => 4 * elementCount(tensor.shape);
