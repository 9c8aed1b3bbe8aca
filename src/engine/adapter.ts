// Which adapter runs the kernels: a hardware one, else a system software Vulkan, else the embedded SwiftShader.
import { createRequire } from "node:module";
import { UserError } from "../base/errors.ts";
import { useEmbeddedDriver, useSystemDrivers } from "./embedded.ts";

export const adapterKinds = ["hardware", "software", "embedded"] as const;
export type AdapterKind = (typeof adapterKinds)[number];

/** What the user asks for: a kind, or `auto` for the first of the three that is there. */
export type AdapterChoice = AdapterKind | "auto";

export interface AdapterDescription {
  readonly kind: AdapterKind;
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly driver: string;
  readonly dawn: string;
  readonly features: readonly string[];
}

export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  readonly description: AdapterDescription;
  /** Keeps Dawn's instance alive as long as the adapter. */
  readonly instance: GPU;
}

/** The environment variable that stands in for `--adapter`. */
export const adapterVariable = "DIPTYCH_ADAPTER";

/** Checks a choice from the command line or the environment. @throws UserError naming the legal ones. */
export function parseAdapterChoice(text: string | undefined): AdapterChoice {
  const choice = text ?? process.env[adapterVariable] ?? "auto";
  if (choice === "auto" || (adapterKinds as readonly string[]).includes(choice))
    return choice as AdapterChoice;
  throw new UserError(`adapter "${choice}": must be one of auto, ${adapterKinds.join(", ")}`);
}

/** The version of Dawn's Node bindings. */
export const dawnVersion = (createRequire(import.meta.url)("webgpu/package.json") as { version: string })
  .version;

/**
 * Bounds checks are off: every kernel is tested on prime and edge sizes, and they cost SwiftShader half its speed.
 * Timestamps are read unrounded.
 */
const dawnFlags = [
  "enable-dawn-features=allow_unsafe_apis,disable_robustness",
  "disable-dawn-features=timestamp_quantization",
];

async function request(kind: AdapterKind): Promise<FoundAdapter | undefined> {
  if (kind !== "embedded") useSystemDrivers();
  else if (!useEmbeddedDriver()) return undefined;
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const instance = create(kind === "software" ? [...dawnFlags, "adapter=llvmpipe"] : dawnFlags);
  const adapter = await instance.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter || /null backend/i.test(adapter.info.description)) return undefined;
  const { info } = adapter;
  const found = info.isFallbackAdapter ? (kind === "embedded" ? "embedded" : "software") : "hardware";
  if (found !== kind) return undefined;
  const description = {
    kind,
    name: info.device || info.description,
    vendor: info.vendor,
    architecture: info.architecture,
    driver: info.description,
    dawn: dawnVersion,
    features: [...adapter.features].sort(),
  };
  return { adapter, description, instance };
}

/** Every kind of adapter that this machine has, best first. */
export async function listAdapterKinds(): Promise<AdapterKind[]> {
  const found: AdapterKind[] = [];
  for (const kind of adapterKinds) if (await request(kind)) found.push(kind);
  return found;
}

/** @throws UserError saying what to install where the machine has no such adapter. */
export async function findAdapter(choice: AdapterChoice): Promise<FoundAdapter> {
  for (const kind of choice === "auto" ? adapterKinds : [choice]) {
    const found = await request(kind);
    if (found) return found;
  }
  throw new UserError(`no ${choice === "auto" ? "GPU" : choice} adapter found: ${installAdvice()}`);
}

/** What gives this machine an adapter. */
export function installAdvice(): string {
  if (process.platform !== "linux")
    return "install a graphics driver with Metal, Direct3D 12 or Vulkan support";
  const embedded =
    process.arch === "x64" ? "run npm ci without --omit=optional for the embedded one, or " : "";
  return `${embedded}install a Vulkan driver (Debian 13, Ubuntu 24.04: apt install mesa-vulkan-drivers; Debian 12: the same from bookworm-backports)`;
}

/** One line: what runs the kernels. */
export function describeAdapter(description: AdapterDescription): string {
  const { kind, name, driver, dawn } = description;
  return `${name}${driver && driver !== name ? ` (${driver})` : ""}, ${kind}, Dawn webgpu ${dawn}`;
}
