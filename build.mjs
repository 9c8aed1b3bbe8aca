// Bundles src/ into dist/ (and, with --tests, test/ into dist/test/). `ensureBuilt` rebuilds only when the sources'
// hash differs from the one stored beside the last build, so copied trees and fresh clones behave alike.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const sourceFolders = ["src", "kernels", "shaders", "bench"];
const stampFile = join(root, "dist", "build.json");

/** Every file below `folder`, sorted, so that the hash does not depend on the file system's order. */
function filesBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

/** What dist/ is made from: not the benchmark's results, and not the peers and what they have installed. */
const bundled = (file) => /\.(ts|wgsl)$/.test(file) && !file.startsWith(join("bench", "peers"));

function sourceHash() {
  const hash = createHash("sha256");
  for (const file of [...sourceFolders.flatMap(filesBelow).filter(bundled), "package.json", "build.mjs"])
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(root, file)))
      .update("\0");
  return hash.digest("hex");
}

async function bundle(entryPoints, outdir, outbase) {
  const { build } = await import("esbuild");
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    outbase,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    sourcemap: true,
    outExtension: { ".js": ".mjs" },
    loader: { ".wgsl": "text" },
    logLevel: "warning",
  });
}

/** Builds dist/ from src/. */
export async function build() {
  rmSync(join(root, "dist"), { recursive: true, force: true });
  mkdirSync(join(root, "dist"));
  await bundle(
    ["src/cli/main.ts", "src/data/loaderWorker.ts"].filter((file) => existsSync(join(root, file))),
    "dist",
    "src",
  );
  writeFileSync(stampFile, JSON.stringify({ sourceHash: sourceHash() }));
}

/** Builds every test file under test/, and the programs that tests start, into dist/test/. */
export async function buildTests() {
  await bundle(
    filesBelow("test").filter((file) => file.endsWith(".test.ts") || file.startsWith("test/fixtures/")),
    "dist/test",
    "test",
  );
}

/** Builds dist/ when it is missing or its sources have changed, and says so. */
export async function ensureBuilt() {
  const stamp = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, "utf8")) : undefined;
  if (stamp?.sourceHash === sourceHash()) return;
  console.log(stamp ? "diptych: sources changed, building dist/" : "diptych: building dist/");
  await build();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await build();
  if (process.argv.includes("--tests")) await buildTests();
}
