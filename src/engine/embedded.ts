// The software Vulkan that comes with `npm ci`: SwiftShader, its ICD file and a Vulkan loader, packed inside the npm
// package @sparticuz/chromium. It gives a Linux x86-64 machine without GPU, driver or root a Vulkan device.
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { parseTar } from "nanotar";
import { cacheFolder, shortHash } from "../base/files.ts";

const icdFile = "vk_swiftshader_icd.json";
const loaderFile = "libvulkan.so.1";
const wanted = [icdFile, loaderFile, "libvk_swiftshader.so"];

/** Path of the packed driver, or undefined where the optional package is not installed. */
function findArchive(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  try {
    const entry = createRequire(import.meta.url).resolve("@sparticuz/chromium");
    for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
      const archive = join(folder, "bin", "swiftshader.tar.br");
      if (existsSync(archive)) return archive;
    }
  } catch {
    // Not installed: the caller says what to do.
  }
  return undefined;
}

/** Unpacks the driver once into the user's cache and returns its folder. Several processes may do so at a time. */
function unpack(archive: string): string {
  const packed = readFileSync(archive);
  const folder = join(cacheFolder(), `swiftshader-${shortHash(packed.toString("latin1"))}`);
  if (wanted.every((file) => existsSync(join(folder, file)))) return folder;
  const partial = mkdtempSync(`${folder}.`);
  for (const file of parseTar(brotliDecompressSync(packed)))
    if (wanted.includes(file.name) && file.data)
      writeFileSync(join(partial, file.name), file.data, { mode: 0o755 });
  try {
    renameSync(partial, folder);
  } catch {
    rmSync(partial, { recursive: true, force: true }); // Another process was first.
  }
  return folder;
}

/** Keeps the packed loader in the process, so that Dawn finds it by its soname where the system has none. */
function preloadLoader(folder: string): void {
  const rtldNow = 2;
  const rtldGlobal = 0x100;
  const rtldNoDelete = 0x1000;
  try {
    process.dlopen({ exports: {} }, join(folder, loaderFile), rtldNow | rtldGlobal | rtldNoDelete);
  } catch {
    // "Module did not self-register": it is no Node add-on, and stays loaded all the same.
  }
}

/** The Vulkan drivers that the user's environment names, if it does. */
const systemDriverFiles = process.env.VK_DRIVER_FILES;

/** Lets Dawn instances created from now on find the system's Vulkan drivers. */
export function useSystemDrivers(): void {
  if (systemDriverFiles === undefined) delete process.env.VK_DRIVER_FILES;
  else process.env.VK_DRIVER_FILES = systemDriverFiles;
}

/**
 * Makes the embedded SwiftShader the only Vulkan driver of Dawn instances created from now on.
 * @returns false where it is not installed.
 */
export function useEmbeddedDriver(): boolean {
  const archive = findArchive();
  if (!archive) return false;
  const folder = unpack(archive);
  process.env.VK_DRIVER_FILES = join(folder, icdFile);
  preloadLoader(folder);
  return true;
}
