// What a run needs before its first stage: its data, and a folder that says what it was made with.
import { cpus, platform } from "node:os";
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { cacheFolder, packageVersion } from "../base/files.ts";
import type { Reporter } from "../base/reporter.ts";
import { type Manifest, type PairColumns, readManifest } from "../data/manifest.ts";
import type { Engine } from "../engine/engine.ts";
import { pairColumns, phantomHash } from "../phantom/phantomSet.ts";
import { preparePhantomSet } from "../phantom/prepare.ts";
import type { Config } from "./config.ts";
import { withoutImage } from "./design.ts";

/** The columns of a run's two images. */
export const imageColumns = ({ data, phantom, images }: Config): PairColumns =>
  data ? images : pairColumns(phantom);

/** A run's data: the manifest that it names, or the simulated set, made where it is missing. */
export async function dataOf(
  engine: Engine,
  config: Config,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Manifest> {
  const { data, phantom } = config;
  if (data) return readManifest(data, undefined, imageColumns(config));
  const folder = join(cacheFolder(), `phantom-${phantomHash(phantom, engine)}`);
  const manifest = await preparePhantomSet(engine, { folder, ...phantom, signal }, reporter);
  reporter.note(`data: ${manifest}`);
  return readManifest(manifest, undefined, imageColumns(config));
}

/**
 * The configuration as far as the data goes: a manifest of single images trains the detectors of that image.
 * @throws UserError when nothing of the configuration can be trained on them.
 */
export function fitToData(config: Config, { path, halves }: Manifest, reporter: Reporter): Config {
  const missing = (["ffdm", "sm"] as const).find((half) => !halves.includes(half));
  if (!missing) return config;
  const { detectors, students, models, comparisons } = config;
  const left = withoutImage({ detectors, students, models, comparisons }, missing);
  const names = Object.keys(left.detectors);
  if (names.length === 0)
    throw new UserError(
      `${path}: has no ${missing.toUpperCase()} images, which every detector of the configuration sees`,
    );
  reporter.note(
    `${path} has no ${missing.toUpperCase()} images: of the configuration there are left ${names.join(", ")} and the models ${Object.keys(left.models).join(", ")}`,
  );
  const start = names.includes(config.distillation.start) ? config.distillation.start : "random";
  return { ...config, ...left, distillation: { ...config.distillation, start } };
}

/** What a run's folder says of the machine and the data that it was made with. */
export function factsOf(engine: Engine, manifest: Manifest) {
  return {
    versions: { diptych: packageVersion(), node: process.version, webgpu: engine.adapter.dawn },
    adapter: engine.adapter,
    tuning: engine.tuningIdentity,
    host: { platform: platform(), cpus: cpus().length, cpu: cpus()[0]?.model },
    data: { manifest: manifest.path, pairs: manifest.pairs.length, classes: manifest.classes },
  };
}
