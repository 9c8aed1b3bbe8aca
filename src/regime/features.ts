// Networks' features of images, small enough to keep: each channel's mean and maximum over every level of the pyramid.
import type { PairLoader } from "../data/loader.ts";
import type { Engine } from "../engine/engine.ts";
import type { BatchShape } from "../train/task.ts";
import type { RegimeModule } from "./modules.ts";
import { PyramidProbe } from "./probe.ts";

/** By network: [images][2 · channels · levels], level by level the means and then the maxima. */
export type PooledFeatures = Readonly<Record<string, readonly Float64Array[]>>;

/** @param data [images, channels, pixels] */
function pool(
  data: ArrayLike<number>,
  [, channels, height, width]: readonly number[],
  image: number,
): number[] {
  const pixels = height * width;
  const means: number[] = [];
  const maxima: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    let [sum, most] = [0, Number.NEGATIVE_INFINITY];
    const start = (image * channels + channel) * pixels;
    for (let at = start; at < start + pixels; at++) {
      sum += data[at];
      most = Math.max(most, data[at]);
    }
    means.push(sum / pixels);
    maxima.push(most);
  }
  return [...means, ...maxima];
}

/**
 * Features of every image of a loader, in its order, by networks whose parameters are in the engine's planes. One read a batch.
 */
export async function pooledFeatures(
  engine: Engine,
  networks: readonly RegimeModule[],
  loader: PairLoader,
  shape: BatchShape,
): Promise<PooledFeatures> {
  const probe = await PyramidProbe.create(engine, networks, shape, false);
  const features: Record<string, Float64Array[]> = {};
  for (const { set } of networks) features[set.name] = [];
  try {
    for await (const batch of loader.batches(0)) {
      const pyramids = await probe.pyramids(batch);
      for (const [name, maps] of Object.entries(pyramids))
        batch.indices.forEach((_, image) => {
          const levels = Object.values(maps).flatMap(({ data, shape }) => pool(data, shape, image));
          features[name].push(Float64Array.from(levels));
        });
    }
  } finally {
    probe.release();
  }
  return features;
}
