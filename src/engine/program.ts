// A tape made ready to run: planned memory, compiled pipelines, bind groups, a flat list of dispatches. A run writes
// the inputs, encodes, submits once and reads the outputs; it makes no GPU object but its command encoder, which
// WebGPU cannot reuse.
import { type Choice, describeChoice, specialize, type Workgroups } from "../../kernels/kernel.ts";
import type { Operation, Tape } from "../autograd/tape.ts";
import { byteLength, type HostArray, type Tensor } from "../autograd/tensor.ts";
import { UserError } from "../base/errors.ts";
import type { Engine } from "./engine.ts";
import {
  boundBytes,
  describePlan,
  megabytes,
  type Plan,
  planTape,
  refuseUnfitPlan,
  summarizePlan,
} from "./plan.ts";
import { Rest } from "./rest.ts";

export interface Dispatch {
  readonly operation: Operation;
  /** The variant of the kernel that was chosen, and what of it is not at its default. */
  readonly variant: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: Workgroups;
}

/** Puts a dispatch into a pass. */
export function encodeDispatch(
  pass: GPUComputePassEncoder,
  { pipeline, bindGroup, workgroups }: Pick<Dispatch, "pipeline" | "bindGroup" | "workgroups">,
): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
}

export type Inputs = Readonly<Record<string, HostArray>>;
export type Outputs<Name extends string> = Record<Name, Float32Array>;

/** How many runs may be in flight: one is computed while the host handles the one before. */
const stagingCount = 2;

/** Where each output lies in the staging buffer. */
interface OutputRange {
  readonly name: string;
  readonly tensor: Tensor;
  readonly offset: number;
}

export class Program<Name extends string = string> {
  readonly #rest = new Rest();
  #run = 0;
  #released = false;

  /** Use `compile`. */
  constructor(
    readonly engine: Engine,
    readonly name: string,
    readonly plan: Plan,
    readonly dispatches: readonly Dispatch[],
    private readonly memory: ProgramMemory,
    private readonly outputs: readonly OutputRange[],
    private readonly staging: readonly GPUBuffer[],
  ) {}

  describe(): string {
    return describePlan(this.name, this.plan);
  }

  /**
   * Writes the given inputs (the others keep what they held), runs everything in one submit, and returns the outputs.
   * At most two runs may be awaited at a time.
   * @throws Error naming an unknown input or one of the wrong length, or what the device reported.
   */
  async run(inputs: Inputs = {}): Promise<Outputs<Name>> {
    this.write(inputs);
    const { commands, staging } = this.encode();
    this.engine.device.queue.submit([commands]);
    return this.collect(staging);
  }

  /** One run as commands that may be submitted once, and the staging buffer that its outputs will be in. */
  encode(timestampWrites?: GPUComputePassTimestampWrites): {
    commands: GPUCommandBuffer;
    staging: GPUBuffer;
  } {
    const staging = this.staging[this.#run++ % stagingCount];
    const encoder = this.engine.device.createCommandEncoder({ label: this.name });
    this.#encode(encoder, this.dispatches, timestampWrites);
    for (const { tensor, offset } of this.outputs)
      encoder.copyBufferToBuffer(...this.memory.range(tensor), staging, offset, byteLength(tensor));
    return { commands: encoder.finish(), staging };
  }

  /** The outputs of a run that was submitted. @throws Error with what the device reported. */
  async collect(staging: GPUBuffer): Promise<Outputs<Name>> {
    const ask = () => this.engine.mapped(staging);
    const asked = this.engine.traits.software ? this.#rest.until(ask) : ask();
    const bytes = await asked.catch((error) => this.#blame(error));
    return Object.fromEntries(
      this.outputs.map(({ name, tensor, offset }) => [
        name,
        new Float32Array(bytes, offset, byteLength(tensor) / 4),
      ]),
    ) as Outputs<Name>;
  }

  /** Writes inputs without a run. @throws Error naming an unknown input or one of the wrong length. */
  write(inputs: Inputs): void {
    for (const [name, data] of Object.entries(inputs)) this.#write(name, data);
  }

  #write(name: string, data: HostArray): void {
    const tensor = this.plan.inputs.find((input) => input.name === name);
    if (!tensor) throw new Error(`${this.name}: no input ${name}`);
    if (data.byteLength !== byteLength(tensor))
      throw new Error(`${this.name}: ${name} takes [${tensor.shape.join(", ")}], got ${data.length} values`);
    this.engine.device.queue.writeBuffer(this.memory.buffer(tensor), 0, data as Float32Array<ArrayBuffer>);
  }

  /** Rethrows what a run reported, with the label of the first dispatch that the device refuses by itself. */
  async #blame(error: unknown): Promise<never> {
    if (error instanceof UserError) throw error;
    for (const dispatch of this.dispatches) {
      this.engine.device.pushErrorScope("validation");
      const encoder = this.engine.device.createCommandEncoder();
      this.#encode(encoder, [dispatch]);
      encoder.finish();
      const fault = await this.engine.device.popErrorScope();
      if (fault) throw new Error(`${this.name}: ${dispatch.operation.label}: ${fault.message}`);
    }
    throw error;
  }

  #encode(
    encoder: GPUCommandEncoder,
    dispatches: readonly Dispatch[],
    timestampWrites?: GPUComputePassTimestampWrites,
  ): void {
    const pass = encoder.beginComputePass({ label: this.name, timestampWrites });
    for (const dispatch of dispatches) encodeDispatch(pass, dispatch);
    pass.end();
  }

  /** Gives the program's buffers back. Flat planes stay with the engine. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    for (const buffer of [...this.memory.owned, ...this.staging]) this.engine.release(buffer);
  }
}

/** The buffers behind a plan's tensors, and the one of its kernels' sizes. */
class ProgramMemory {
  readonly owned: GPUBuffer[] = [];
  readonly sizes: GPUBuffer;
  readonly #slots: GPUBuffer[];
  readonly #buffers = new Map<Tensor, GPUBuffer>();

  constructor(
    readonly engine: Engine,
    readonly plan: Plan,
    sizes: Uint8Array<ArrayBuffer>,
  ) {
    this.sizes = engine.uniformBuffer("sizes", sizes.byteLength);
    this.owned.push(this.sizes);
    engine.device.queue.writeBuffer(this.sizes, 0, sizes);
    this.#slots = plan.slots.map((bytes, slot) => this.#own(`slot ${slot}`, bytes));
    for (const tensor of [...plan.inputs, ...plan.constants])
      this.#buffers.set(tensor, this.#own(tensor.name, boundBytes(tensor)));
    for (const plane of plan.planes) engine.plane(plane);
    for (const tensor of plan.constants)
      if (tensor.storage.kind === "constant")
        engine.device.queue.writeBuffer(
          this.buffer(tensor),
          0,
          tensor.storage.data as Float32Array<ArrayBuffer>,
        );
  }

  #own(label: string, bytes: number): GPUBuffer {
    const buffer = this.engine.storageBuffer(label, bytes);
    this.owned.push(buffer);
    return buffer;
  }

  buffer(tensor: Tensor): GPUBuffer {
    return this.range(tensor)[0];
  }

  /** Buffer and byte offset of a tensor. */
  range(tensor: Tensor): [GPUBuffer, number] {
    const { storage } = tensor;
    if (storage.kind === "persistent") return [this.engine.plane(storage.plane), 4 * storage.offset];
    if (storage.kind === "view") return [this.buffer(storage.of), 4 * storage.offset];
    const slot = this.plan.slotOf.get(tensor);
    const buffer = slot === undefined ? this.#buffers.get(tensor) : this.#slots[slot];
    if (!buffer) throw new Error(`${tensor.name} is not part of the program`);
    return [buffer, 0];
  }
}

/** An operation, how this adapter computes it, and where its sizes lie in the program's uniform buffer. */
interface Launch {
  readonly operation: Operation;
  readonly choice: Choice;
  readonly sizes?: { readonly offset: number; readonly bytes: number };
}

/** Chooses variants and packs the sizes of all operations, equal ones once, each where a binding may start. */
function prepareLaunches(engine: Engine, operations: readonly Operation[]) {
  const step = engine.limits.minUniformBufferOffsetAlignment;
  const packed = new Map<string, { values: Uint32Array; offset: number; bytes: number }>();
  let length = 0;
  const launches = operations.map((operation): Launch => {
    const choice = engine.pipelines.choose(operation.kernel, operation.parameters);
    const { sizes: values } = specialize(operation.kernel, choice, operation.parameters, engine.traits);
    if (values.length === 0) return { operation, choice };
    const key = values.join();
    const sizes = packed.get(key) ?? {
      values,
      offset: length,
      bytes: Math.ceil(values.byteLength / 16) * 16,
    };
    if (!packed.has(key)) length += Math.ceil(sizes.bytes / step) * step;
    packed.set(key, sizes);
    return { operation, choice, sizes };
  });
  const bytes = new Uint8Array(length);
  for (const { values, offset } of packed.values()) bytes.set(new Uint8Array(values.buffer), offset);
  return { launches, bytes };
}

async function makeDispatch(
  engine: Engine,
  memory: ProgramMemory,
  { operation, choice, sizes }: Launch,
): Promise<Dispatch> {
  const { kernel, parameters, bindings, tensors, label } = operation;
  const { pipeline, layout } = await engine.pipelines.get(kernel, parameters, choice);
  const entries: GPUBindGroupEntry[] = bindings.map(({ name }, binding) => {
    const [buffer, offset] = memory.range(tensors[name]);
    return { binding, resource: { buffer, offset, size: boundBytes(tensors[name]) } };
  });
  if (sizes) {
    const resource = { buffer: memory.sizes, offset: sizes.offset, size: sizes.bytes };
    entries.push({ binding: entries.length, resource });
  }
  engine.objectsCreated++;
  const bindGroup = engine.device.createBindGroup({ label, layout, entries });
  const workgroups = choice.variant.workgroups(parameters, choice.tuning);
  const most = engine.limits.maxComputeWorkgroupsPerDimension;
  if (workgroups.some((count) => count > most))
    throw new Error(`${label}: ${workgroups.join("x")} workgroups, the adapter runs ${most} a dimension`);
  return { operation, variant: describeChoice(choice), pipeline, bindGroup, workgroups };
}

/**
 * Compiles a tape. Nothing is allocated when the plan does not fit the adapter.
 * @param outputs the tensors that each run reads back, by the names it returns them under.
 * @throws UserError when the plan does not fit or memory runs out; Error when a shader does not compile.
 */
export async function compile<Name extends string>(
  engine: Engine,
  name: string,
  tape: Tape,
  outputs: Readonly<Record<Name, Tensor>>,
): Promise<Program<Name>> {
  const tensors: Tensor[] = Object.values(outputs);
  const plan = planTape(tape, tensors);
  refuseUnfitPlan(name, plan, engine.limits);
  let offset = 0;
  const ranges = Object.entries<Tensor>(outputs).map(([output, tensor]) => {
    const range = { name: output, tensor, offset };
    offset += byteLength(tensor);
    return range;
  });
  const { launches, bytes } = prepareLaunches(engine, plan.operations);
  engine.device.pushErrorScope("out-of-memory");
  const memory = new ProgramMemory(engine, plan, bytes);
  const staging = Array.from({ length: stagingCount }, (_, index) =>
    engine.stagingBuffer(`${name} outputs ${index}`, Math.max(offset, 4)),
  );
  const exhausted = await engine.device.popErrorScope();
  const programOf = (dispatches: readonly Dispatch[]) =>
    new Program<Name>(engine, name, plan, dispatches, memory, ranges, staging);
  if (exhausted) {
    programOf([]).release();
    const [largest] = plan.peak.tensors;
    throw new UserError(
      `${name}: out of memory: the plan's peak is ${megabytes(summarizePlan(plan).totalBytes)}, its largest tensor ${largest?.name} [${largest?.shape.join(", ")}]: use a smaller --batch or --image-size`,
    );
  }
  try {
    const dispatches = await Promise.all(launches.map((launch) => makeDispatch(engine, memory, launch)));
    engine.check();
    return programOf(dispatches);
  } catch (error) {
    programOf([]).release();
    throw error;
  }
}
