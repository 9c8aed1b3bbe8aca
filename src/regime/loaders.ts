// How a run's pairs reach its tasks and models.
import { join } from "node:path";
import { cacheFolder } from "../base/files.ts";
import { type LoaderOptions, PairLoader } from "../data/loader.ts";
import type { Manifest, PairRecord, Split } from "../data/manifest.ts";
import { pairCacheName } from "../data/pairCache.ts";
import { patientShare } from "../data/subset.ts";
import type { BatchShape } from "../train/task.ts";
import type { Config } from "./config.ts";

const mebibyte = 2 ** 20;

/** Batches of a run's size. */
export function batchShape({ imageSize: [height, width], batch, maxBoxes }: Config): BatchShape {
  return { batch, height, width, maxBoxes };
}

export class RunLoaders {
  constructor(
    private readonly config: Config,
    private readonly manifest: Manifest,
  ) {}

  pairs(split: Split): PairRecord[] {
    return this.manifest.pairs.filter((pair) => pair.split === split);
  }

  /** Pairs one after the other, as they are. */
  inOrder(pairs: readonly PairRecord[], options: Partial<LoaderOptions> = {}): PairLoader {
    const { seed, workers, preprocess, cache } = this.config;
    const { height, width } = batchShape(this.config);
    const name = pairCacheName(this.manifest.path, { height, width, preprocess });
    const common = {
      ...batchShape(this.config),
      seed,
      shuffle: false,
      preprocess,
      workers,
      memoryBytes: cache.memory * mebibyte,
      cache: { folder: join(cacheFolder(), name), height, width, maxBytes: cache.disk * mebibyte },
    };
    return new PairLoader(pairs, { ...common, ...options });
  }

  /** Shuffled and varied: the training pairs whose lesions are known, and all those that stage 2 sees, one loader where these are the same. */
  training(): { readonly labelled: PairLoader; readonly all: PairLoader } {
    const { augment, positives, unreadable, labels, seed } = this.config;
    const sampling = { ...this.#misregister, shuffle: true, augment, positives, unreadable, dropLast: true };
    const pairs = this.pairs("train");
    const labelled = this.inOrder(patientShare(pairs, labels.share, seed), sampling);
    const sharesAll = labels.share === 1 || labels.distillOn === "labelled";
    return { labelled, all: sharesAll ? labelled : this.inOrder(pairs, sampling) };
  }

  validation(): PairLoader {
    return this.inOrder(this.pairs("validation"), { ...this.#misregister, workers: 1 });
  }

  get #misregister(): Pick<LoaderOptions, "misregister"> {
    const { misregistration } = this.config;
    const isMoved = Object.values(misregistration).some((extent) => extent > 0);
    return isMoved ? { misregister: misregistration } : {};
  }
}
