// What a run needs before its first stage: its data, and a folder that says what it was made with.
import { cpus, platform } from "node:os";
import { join } from "node:path";
import { cacheFolder, packageVersion } from "../base/files.ts";
import type { Reporter } from "../base/reporter.ts";
import { type Manifest, readManifest } from "../data/manifest.ts";
import type { Engine } from "../engine/engine.ts";
import { phantomHash } from "../phantom/phantomSet.ts";
import { preparePhantomSet } from "../phantom/prepare.ts";
import type { Config } from "./config.ts";

/** A run's data: the manifest that it names, or the simulated set, made where it is missing. */
export async function dataOf(
  engine: Engine,
  { data, phantom }: Config,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Manifest> {
  if (data) return readManifest(data);
  const folder = join(cacheFolder(), `phantom-${phantomHash(phantom, engine)}`);
  const manifest = await preparePhantomSet(engine, { folder, ...phantom, signal }, reporter);
  reporter.note(`data: ${manifest}`);
  return readManifest(manifest);
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
