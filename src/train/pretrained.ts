// Weights that were trained elsewhere (ImageNet, COCO) as a module's first values, as far as they fit it.
import { elementCount } from "../../kernels/kernel.ts";
import { initialValues, type ParameterSet, type Plane } from "../autograd/parameters.ts";
import { UserError } from "../base/errors.ts";
import type { StoredTensor } from "../base/safetensors.ts";

/** Below this share of the backbone's tensors a file is of another network. */
const leastShare = 0.9;
const backbone = "backbone.";

export interface Pretrained {
  /** First values of the module's parameters and running statistics. */
  readonly planes: ReadonlyMap<Plane, Float32Array<ArrayBuffer>>;
  /** Names of what the file gave nothing for, which is drawn. */
  readonly drawn: readonly string[];
}

/** Colour filters [O, 3, k, k] as one of grey [O, 1, k, k]: an image of three equal channels gives the same. */
function sumColours({ shape, data }: StoredTensor): Float32Array {
  const [filters, channels, height, width] = shape;
  const area = height * width;
  return Float32Array.from({ length: filters * area }, (_, index) => {
    const [filter, place] = [Math.floor(index / area), index % area];
    let sum = 0;
    for (let channel = 0; channel < channels; channel++)
      sum += Number(data[(filter * channels + channel) * area + place]);
    return sum;
  });
}

/** A file's tensor for an entry, under effdet's name or, for a backbone by itself, timm's; nothing if it does not fit. */
function fit(
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
  shape: readonly number[],
): Float32Array | undefined {
  const stored =
    tensors.get(name) ?? (name.startsWith(backbone) ? tensors.get(name.slice(backbone.length)) : undefined);
  if (!(stored?.data instanceof Float32Array)) return undefined;
  if (stored.shape.join() === shape.join()) return stored.data;
  const grey = stored.shape.length === 4 && stored.shape[1] === 3 && shape[1] === 1;
  return grey && stored.shape.toSpliced(1, 1, 1).join() === shape.join() ? sumColours(stored) : undefined;
}

/**
 * A module's first values from tensors named as effdet's (github.com/rwightman/efficientdet-pytorch) or, for the backbone
 * alone, as timm's; a stem for three colours is summed to one for grey. What is missing or of another shape, such as heads for
 * other classes, is drawn as ever.
 * @throws UserError naming the file and a tensor that is missing when a tenth of the backbone is.
 */
export function startFromPretrained(
  set: ParameterSet,
  tensors: ReadonlyMap<string, StoredTensor>,
  path: string,
  seed: number,
): Pretrained {
  const drawn: string[] = [];
  let entries = 0;
  const planes = new Map<Plane, Float32Array<ArrayBuffer>>();
  for (const name of ["values", "statistics"] as const) {
    const plane = set.plane(name);
    const values = initialValues(plane.layout, seed, set.name);
    for (const entry of plane.layout.entries) {
      if (entry.name.startsWith(backbone)) entries++;
      const found = fit(tensors, entry.name, entry.shape);
      if (found) values.set(found.subarray(0, elementCount(entry.shape)), entry.offset);
      else drawn.push(entry.name);
    }
    planes.set(plane, values);
  }
  const missing = drawn.filter((name) => name.startsWith(backbone));
  if (missing.length > (1 - leastShare) * entries)
    throw new UserError(
      `${path}: weights of another network: ${missing.length} of the backbone's ${entries} tensors do not fit, the first is ${missing[0]}`,
    );
  return { planes, drawn };
}
