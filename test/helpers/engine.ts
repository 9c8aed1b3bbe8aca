import { after, before } from "node:test";
import { Engine } from "../../src/engine/engine.ts";

/** One engine for a test file, destroyed at its end. Call at the top level and read `current` inside tests. */
export function sharedEngine(): { readonly current: Engine } {
  let engine: Engine | undefined;
  before(async () => {
    engine = await Engine.create();
  });
  after(() => engine?.destroy());
  return {
    get current() {
      if (!engine) throw new Error("the engine is made before the first test runs");
      return engine;
    },
  };
}

/** Counts the calls that make GPU objects, except command encoders, which WebGPU cannot reuse. */
export function countObjects(device: GPUDevice): { readonly made: number } {
  const counter = { made: 0 };
  const patched = device as unknown as Record<string, (...given: unknown[]) => unknown>;
  for (const name of [
    "createBuffer",
    "createBindGroup",
    "createBindGroupLayout",
    "createPipelineLayout",
    "createShaderModule",
    "createComputePipeline",
    "createComputePipelineAsync",
    "createQuerySet",
  ]) {
    const original = patched[name].bind(device);
    Object.defineProperty(device, name, {
      configurable: true,
      value: (...given: unknown[]) => {
        counter.made++;
        return original(...given);
      },
    });
  }
  return counter;
}
