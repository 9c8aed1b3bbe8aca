// Owns the adapter, the device and every long-lived buffer; counts what it makes; loses no error.
import type { AdapterTraits } from "../../kernels/kernel.ts";
import type { Plane } from "../autograd/parameters.ts";
import { UserError } from "../base/errors.ts";
import { type AdapterChoice, type AdapterDescription, findAdapter, parseAdapterChoice } from "./adapter.ts";
import { PipelineCache } from "./pipelines.ts";
import { openTuning, type TuningTable, tuningVariable, untunedIdentity } from "./tuning.ts";

export interface EngineOptions {
  /** Default: the environment variable, else `auto`. */
  readonly adapter?: string;
  /** "off", or a tuning cache. Default: the environment variable, else the adapter's own in the cache folder. */
  readonly tuning?: string;
}

/** Storage that kernels bind, the host writes and the host reads by way of a staging copy. */
const storageUsage = 0x80 | 0x08 | 0x04; // STORAGE | COPY_DST | COPY_SRC
const stagingUsage = 0x01 | 0x08; // MAP_READ | COPY_DST
const uniformUsage = 0x40 | 0x08; // UNIFORM | COPY_DST
const mapRead = 1;

const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

function traitsOf({ features, adapterInfo }: GPUDevice, { kind }: AdapterDescription): AdapterTraits {
  const { subgroupMinSize, subgroupMaxSize } = adapterInfo;
  const uniform = features.has("subgroups") && subgroupMinSize === subgroupMaxSize;
  return { software: kind !== "hardware", subgroupSize: (uniform && subgroupMinSize) || 0 };
}

export class Engine {
  readonly pipelines: PipelineCache;
  /** Buffers, bind groups, pipelines, layouts and shader modules made so far. */
  objectsCreated = 0;
  /** Bytes of the buffers that live now. */
  liveBytes = 0;
  readonly #planes = new Map<Plane, GPUBuffer>();
  readonly #faults: Error[] = [];
  #destroyed = false;

  private constructor(
    readonly device: GPUDevice,
    readonly adapter: AdapterDescription,
    readonly traits: AdapterTraits,
    /** Undefined when tuning is off. */
    readonly tuning: TuningTable | undefined,
    /** Held so that Dawn's instance is not collected before its device. */
    readonly instance: GPU,
  ) {
    this.pipelines = new PipelineCache(this);
    device.addEventListener("uncapturederror", (event) => {
      this.#faults.push(new Error(`WebGPU: ${(event as GPUUncapturedErrorEvent).error.message}`));
    });
    device.lost.then(({ reason, message }) => {
      if (this.#destroyed) return;
      const advice = "run again with --resume, a smaller --batch, or another --adapter";
      this.#faults.push(
        new UserError(`the GPU device was lost (${reason || "unknown"}: ${message}): ${advice}`),
      );
    });
  }

  /** @throws UserError when there is no such adapter, or its tuning cache cannot be used. */
  static async create(options: EngineOptions = {}): Promise<Engine> {
    const choice: AdapterChoice = parseAdapterChoice(options.adapter);
    const { adapter, description, instance } = await findAdapter(choice);
    const tuning = openTuning(description, options.tuning ?? process.env[tuningVariable]);
    const device = await adapter.requestDevice({
      requiredFeatures: (["timestamp-query", "subgroups"] as const).filter((name) =>
        adapter.features.has(name),
      ),
      requiredLimits: Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]])),
    });
    return new Engine(device, description, traitsOf(device, description), tuning, instance);
  }

  /** What names the choices of kernels that differ from the defaults: other ones may change a result's last bits. */
  get tuningIdentity(): string {
    return this.tuning?.identity ?? untunedIdentity;
  }

  get limits(): GPUSupportedLimits {
    return this.device.limits;
  }

  /** @throws the first error that the device reported since the last call. */
  check(): void {
    const [fault] = this.#faults.splice(0);
    if (fault) throw fault;
  }

  /** Waits for everything submitted. @throws what went wrong in it. */
  async settle(): Promise<void> {
    await this.device.queue.onSubmittedWorkDone().catch(() => {});
    this.check();
  }

  storageBuffer(label: string, bytes: number): GPUBuffer {
    return this.#buffer(label, bytes, storageUsage);
  }

  stagingBuffer(label: string, bytes: number): GPUBuffer {
    return this.#buffer(label, bytes, stagingUsage);
  }

  uniformBuffer(label: string, bytes: number): GPUBuffer {
    return this.#buffer(label, bytes, uniformUsage);
  }

  #buffer(label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    // Sixteen bytes are a vec4, the widest element that a kernel binds.
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    this.objectsCreated++;
    this.liveBytes += size;
    return this.device.createBuffer({ label, size, usage });
  }

  release(buffer: GPUBuffer): void {
    this.liveBytes -= buffer.size;
    buffer.destroy();
  }

  /** The buffer of a flat plane, made of zeros when it is first asked for. */
  plane(plane: Plane): GPUBuffer {
    let buffer = this.#planes.get(plane);
    if (!buffer) {
      buffer = this.storageBuffer(plane.name, 4 * plane.layout.length);
      this.#planes.set(plane, buffer);
    }
    if (buffer.size < 4 * plane.layout.length)
      throw new Error(`${plane.name}: parameters were declared after its buffer was made`);
    return buffer;
  }

  /** Gives the buffers of flat planes back. */
  releasePlanes(planes: Iterable<Plane>): void {
    for (const plane of planes) {
      const buffer = this.#planes.get(plane);
      if (buffer) this.release(buffer);
      this.#planes.delete(plane);
    }
  }

  /** @param values as long as the plane's layout. */
  writePlane(plane: Plane, values: Float32Array<ArrayBuffer>): void {
    this.device.queue.writeBuffer(this.plane(plane), 0, values);
  }

  /** A copy of a flat plane, padding included. */
  readPlane(plane: Plane): Promise<Float32Array<ArrayBuffer>> {
    return this.read(this.plane(plane), 4 * plane.layout.length);
  }

  /** A copy of a buffer's first `bytes`, outside any program. @throws what went wrong on the device before. */
  async read(buffer: GPUBuffer, bytes: number): Promise<Float32Array<ArrayBuffer>> {
    const staging = this.stagingBuffer("read", bytes);
    try {
      const encoder = this.device.createCommandEncoder({ label: "read" });
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes);
      this.device.queue.submit([encoder.finish()]);
      return new Float32Array(await this.mapped(staging));
    } finally {
      this.release(staging);
    }
  }

  /** A copy of a staging buffer's content, once the queue has reached it. @throws what the device reported. */
  async mapped(staging: GPUBuffer): Promise<ArrayBuffer> {
    try {
      await staging.mapAsync(mapRead);
    } catch (error) {
      this.check();
      throw error;
    }
    this.check();
    const copy = staging.getMappedRange().slice(0);
    staging.unmap();
    return copy;
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.device.destroy();
  }
}

/** Runs `body` with an engine and destroys the device whatever happens, so that the process always ends. */
export async function withEngine<T>(
  options: EngineOptions,
  body: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await Engine.create(options);
  try {
    return await body(engine);
  } finally {
    engine.destroy();
  }
}
