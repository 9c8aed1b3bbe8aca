// Pipelines by kernel, variant and constants, compiled concurrently and kept for every program of the engine.
import {
  type AdapterTraits,
  type Binding,
  type Choice,
  chooseVariant,
  type Kernel,
  type Parameters,
  sizeFields,
  specialize,
  untuned,
  type Variant,
} from "../../kernels/kernel.ts";
import type { TuningTable } from "./tuning.ts";

const computeStage = 4; // GPUShaderStage.COMPUTE

/** What pipelines are made with, and where the making is counted. */
export interface PipelineOwner {
  readonly device: GPUDevice;
  readonly traits: AdapterTraits;
  readonly tuning?: TuningTable;
  objectsCreated: number;
}

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

export class PipelineCache {
  readonly #pipelines = new Map<string, Promise<Pipeline>>();
  readonly #modules = new Map<string, Promise<GPUShaderModule>>();
  readonly #layouts = new Map<string, { bindGroup: GPUBindGroupLayout; pipeline: GPUPipelineLayout }>();

  constructor(private readonly owner: PipelineOwner) {}

  /** What this adapter runs: the tuned choice where there is one, else the adapter class's default. */
  choose(kernel: Kernel, parameters: Parameters): Choice {
    const { tuning, traits } = this.owner;
    return tuning?.choice(kernel, parameters, traits) ?? untuned(chooseVariant(kernel, parameters, traits));
  }

  /** @throws Error with kernel, position and source line when the shader does not compile. */
  get(kernel: Kernel, parameters: Parameters, choice: Choice): Promise<Pipeline> {
    const { overrides } = specialize(kernel, choice, parameters, this.owner.traits);
    const { variant } = choice;
    const key = `${kernel.name}/${variant.name} ${JSON.stringify(overrides)}`;
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#compile(kernel, parameters, variant, overrides, key);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  async #compile(
    kernel: Kernel,
    parameters: Parameters,
    variant: Variant,
    overrides: Record<string, number>,
    label: string,
  ): Promise<Pipeline> {
    const module = await this.#module(kernel, variant);
    const layout = this.#layout(kernel.bindings(parameters), sizeFields(variant.shader).length > 0);
    this.owner.objectsCreated++;
    try {
      const pipeline = await this.owner.device.createComputePipelineAsync({
        label,
        layout: layout.pipeline,
        compute: { module, entryPoint: "main", constants: overrides },
      });
      return { pipeline, layout: layout.bindGroup };
    } catch (error) {
      throw new Error(`${label}: ${(error as Error).message}`);
    }
  }

  #module(kernel: Kernel, variant: Variant): Promise<GPUShaderModule> {
    let module = this.#modules.get(variant.shader);
    if (!module) {
      module = compileModule(this.owner, `${kernel.name}/${variant.name}`, variant.shader);
      this.#modules.set(variant.shader, module);
    }
    return module;
  }

  #layout(bindings: readonly Binding[], sizes: boolean) {
    const types: GPUBufferBindingType[] = bindings.map(({ access }) =>
      access === "read" ? "read-only-storage" : "storage",
    );
    if (sizes) types.push("uniform");
    const key = types.join(" ");
    let layout = this.#layouts.get(key);
    if (!layout) {
      const { device } = this.owner;
      const bindGroup = device.createBindGroupLayout({
        label: key,
        entries: types.map((type, binding) => ({ binding, visibility: computeStage, buffer: { type } })),
      });
      layout = {
        bindGroup,
        pipeline: device.createPipelineLayout({ label: key, bindGroupLayouts: [bindGroup] }),
      };
      this.owner.objectsCreated += 2;
      this.#layouts.set(key, layout);
    }
    return layout;
  }
}

/** @throws Error that names kernel, line and column and quotes the line, for every message of the compiler. */
async function compileModule(owner: PipelineOwner, label: string, code: string): Promise<GPUShaderModule> {
  owner.device.pushErrorScope("validation");
  owner.objectsCreated++;
  const module = owner.device.createShaderModule({ label, code });
  const scope = owner.device.popErrorScope();
  const { messages } = await module.getCompilationInfo();
  const errors = messages.filter((message) => message.type === "error");
  const lines = code.split("\n");
  const quoted = errors.map(
    ({ lineNum, linePos, message }) =>
      `${label}:${lineNum}:${linePos}: ${message}\n  ${lines[lineNum - 1] ?? ""}\n  ${" ".repeat(Math.max(linePos - 1, 0))}^`,
  );
  const invalid = await scope;
  if (quoted.length > 0) throw new Error(`shader does not compile\n${quoted.join("\n")}`);
  if (invalid) throw new Error(`${label}: ${invalid.message}`);
  return module;
}
