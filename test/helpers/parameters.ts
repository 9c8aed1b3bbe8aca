// Parameters by their names, into and out of flat planes.
import { elementCount } from "../../kernels/kernel.ts";
import type { FlatLayout } from "../../src/autograd/parameters.ts";
import type { GoldenTensors } from "./goldens.ts";

/**
 * A flat plane filled with the tensors of its entries' names.
 * @throws Error naming an entry without a tensor of its shape.
 */
export function fillPlane(layout: FlatLayout, tensors: GoldenTensors): Float32Array<ArrayBuffer> {
  const plane = new Float32Array(layout.length);
  for (const { name, shape, offset } of layout.entries) {
    const tensor = tensors.get(name);
    if (tensor?.shape.join() !== shape.join())
      throw new Error(`${name} [${shape}]: the golden has ${tensor ? `[${tensor.shape}]` : "none"}`);
    plane.set(tensor.values, offset);
  }
  return plane;
}

/** The part of a flat plane that belongs to an entry. @throws Error when there is no such entry. */
export function entryValues<Values extends Float32Array | Float64Array>(
  layout: FlatLayout,
  plane: Values,
  name: string,
): Values {
  const entry = layout.find(name);
  if (!entry) throw new Error(`no parameter ${name}`);
  return plane.subarray(entry.offset, entry.offset + elementCount(entry.shape)) as Values;
}
