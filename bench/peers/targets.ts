// Fixed targets of a detection loss, some hundred positives a batch.
import { RandomStream } from "../../src/base/random.ts";
import { channelsFirst, type HostTensors, type Targets } from "./contestant.ts";

const anchorsPerPixel = 9;

/** Every 97th anchor is positive, with codes of its own; the others are background. */
export function makeTargets(name: string, batch: number, side: number, classes: number): HostTensors {
  const pixels = side * side;
  const anchors = pixels * anchorsPerPixel;
  const random = new RandomStream(1, `peers/${name}/targets`);
  const classTargets = new Int32Array(batch * anchors).fill(-1);
  const boxTargets = new Float32Array(batch * anchors * 4);
  const positives = new Float32Array(batch * anchors * classes);
  let count = 0;
  for (let anchor = 0; anchor < batch * anchors; anchor += 97) {
    classTargets[anchor] = count++ % classes;
    positives[anchor * classes + classTargets[anchor]] = 1;
    for (let code = 0; code < 4; code++) boxTargets[anchor * 4 + code] = random.nextUniform(-1, 1);
  }
  /** [N, h, w, 9·values] is the order of anchors. */
  const spread = (data: Float32Array, values: number) => {
    const shape = [batch, anchorsPerPixel * values, side, side];
    return { shape, layout: "image", data: channelsFirst(data, shape) } as const;
  };
  return {
    classTargets: { shape: [batch, anchors], layout: "plain", data: classTargets },
    boxTargets: { shape: [batch, anchors, 4], layout: "plain", data: boxTargets },
    positives: spread(positives, classes),
    boxImage: spread(boxTargets, 4),
    normalizer: { shape: [1], layout: "plain", data: Float32Array.of(count + 1) },
  };
}

export function targetsOf<T>(inputs: Readonly<Record<string, T>>): Targets<T> {
  const { classTargets, boxTargets, positives, boxImage, normalizer } = inputs;
  return { classTargets, boxTargets, positives, boxImage, normalizer };
}
