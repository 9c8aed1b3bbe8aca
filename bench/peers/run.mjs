// Bundles main.ts as build.mjs does and runs it. Nothing is installed silently.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));

async function bundle() {
  const { build } = await import("esbuild");
  const outdir = join(folder, "dist");
  await build({
    absWorkingDir: folder,
    entryPoints: ["main.ts"],
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // TensorFlow.js ships modules that Node cannot import as they are.
    mainFields: ["module", "main"],
    external: ["@jax-js/jax", "commander", "gpu.js", "nanotar", "onnxruntime-node", "protobufjs", "webgpu"],
    // Some of them ask for Node modules by require.
    banner: {
      js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
    },
    sourcemap: true,
    outExtension: { ".js": ".mjs" },
    loader: { ".wgsl": "text" },
    logLevel: "warning",
  });
  return join(outdir, "main.mjs");
}

if (existsSync(join(folder, "node_modules"))) await import(pathToFileURL(await bundle()).href);
else {
  console.error(
    "bench:peers: the libraries to compare with are not installed: run npm ci --prefix bench/peers",
  );
  process.exitCode = 1;
}
