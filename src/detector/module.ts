// Detectors as modules: a parameter set with everything declared up front, so that its flat planes have their final
// layout whichever program is built first.
import { type LayerMode, Layers } from "../autograd/layers.ts";
import { ParameterSet } from "../autograd/parameters.ts";
import { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { backbone } from "./backbone.ts";
import type { DetectorConfig } from "./config.ts";
import { extractFeatures } from "./detector.ts";
import { heads, type Predictions } from "./heads.ts";

const declaring: LayerMode = { normalization: "frozen", trainable: false };

/** Which networks a module has: the feature network (backbone and BiFPN), the heads, or both. */
export interface ModuleParts {
  readonly features: boolean;
  /** Channels of the pyramid that its heads take; 0: no heads. */
  readonly headChannels: number;
}

export class DetectorModule {
  readonly set: ParameterSet;

  constructor(
    name: string,
    readonly config: DetectorConfig,
    readonly parts: ModuleParts,
  ) {
    this.set = new ParameterSet(name);
    this.#declare();
  }

  /** Records both networks once on a tape that nobody runs. */
  #declare(): void {
    const tape = new Tape();
    const side = 2 ** this.config.maxLevel;
    if (this.parts.features)
      this.features(tape, tape.input("image", [1, this.config.inChannels, side, side]), declaring);
    if (this.parts.headChannels > 0) {
      const count = this.config.maxLevel - this.config.minLevel + 1;
      const level = tape.input("level", [1, this.parts.headChannels, 1, 1]);
      this.predictions(tape, Array<Tensor>(count).fill(level), declaring);
    }
  }

  /** image [N, inChannels, H, W] → the pyramid's levels [N, pyramidChannels, h, w]. */
  features(tape: Tape, image: Tensor, mode: LayerMode): readonly Tensor[] {
    const layers = new Layers(tape, this.set, mode);
    return tape.scope(this.set.name, () => extractFeatures(layers, this.config, image).pyramid.levels);
  }

  /** image [N, inChannels, H, W] → the backbone's C3, C4 and C5. */
  endpoints(tape: Tape, image: Tensor, mode: LayerMode): readonly Tensor[] {
    const layers = new Layers(tape, this.set, mode);
    return tape.scope(this.set.name, () => backbone(layers.at("backbone"), this.config, image).endpoints);
  }

  /** levels [N, headChannels, h, w] → class logits and box codes. */
  predictions(tape: Tape, levels: readonly Tensor[], mode: LayerMode): Predictions {
    const layers = new Layers(tape, this.set, mode);
    return tape.scope(this.set.name, () => heads(layers, this.config, levels));
  }
}
