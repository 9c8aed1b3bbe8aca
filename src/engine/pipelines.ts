// Pipelines by kernel, variant and constants, compiled concurrently and kept for every program of the engine.
import {
  type Binding,
  chooseVariant,
  type Kernel,
  type Parameters,
  type Variant,
} from "../../kernels/kernel.ts";
import type { AdapterDescription } from "./adapter.ts";

const computeStage = 4; // GPUShaderStage.COMPUTE

/** What pipelines are made with, and where the making is counted. */
export interface PipelineOwner {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  objectsCreated: number;
}

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly variant: Variant;
}

export class PipelineCache {
  readonly #pipelines = new Map<string, Promise<Pipeline>>();
  readonly #modules = new Map<string, Promise<GPUShaderModule>>();
  readonly #layouts = new Map<string, { bindGroup: GPUBindGroupLayout; pipeline: GPUPipelineLayout }>();

  constructor(private readonly owner: PipelineOwner) {}

  /** @throws Error with kernel, position and source line when the shader does not compile. */
  get(kernel: Kernel, parameters: Parameters): Promise<Pipeline> {
    const variant = chooseVariant(kernel, parameters, this.owner.adapter.kind !== "hardware");
    const constants = variant.constants(parameters);
    const key = `${kernel.name}/${variant.name} ${JSON.stringify(constants)}`;
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#compile(kernel, parameters, variant, constants, key);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  async #compile(
    kernel: Kernel,
    parameters: Parameters,
    variant: Variant,
    constants: Record<string, number>,
    label: string,
  ): Promise<Pipeline> {
    const module = await this.#module(kernel, variant);
    const layout = this.#layout(kernel.bindings(parameters));
    this.owner.objectsCreated++;
    try {
      const pipeline = await this.owner.device.createComputePipelineAsync({
        label,
        layout: layout.pipeline,
        compute: { module, entryPoint: "main", constants },
      });
      return { pipeline, layout: layout.bindGroup, variant };
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

  #layout(bindings: readonly Binding[]) {
    const key = bindings.map((binding) => (binding.access === "read" ? "r" : "w")).join("");
    let layout = this.#layouts.get(key);
    if (!layout) {
      const { device } = this.owner;
      const bindGroup = device.createBindGroupLayout({
        label: key,
        entries: bindings.map(({ access }, binding) => ({
          binding,
          visibility: computeStage,
          buffer: { type: access === "read" ? ("read-only-storage" as const) : ("storage" as const) },
        })),
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
