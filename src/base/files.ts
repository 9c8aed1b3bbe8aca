import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { reasonOf, UserError } from "./errors.ts";

/**
 * Writes a file so that a reader, a crash or a full disk finds the old content or the new, never half of it: the
 * bytes go to a temporary neighbour, are flushed, and take the name in one rename.
 * @throws UserError naming the file; the previous content stays valid.
 */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, "w");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new UserError(`${path}: cannot be written (${reasonOf(error)})`);
  }
}

/** The folder that holds this package's package.json, found upwards from the running bundle. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).name === "diptych") return folder;
    if (dirname(folder) === folder) throw new Error("package.json of diptych not found above the bundle");
    folder = dirname(folder);
  }
}

/** The first 12 hexadecimal digits of the SHA-256 of a value's JSON, for cache keys. */
export function shortHash(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);
}

/**
 * A folder for what can be made again: under XDG_CACHE_HOME or ~/.cache, else under the system's temporary folder.
 * @throws UserError when neither can be written.
 */
export function cacheFolder(): string {
  const roots = [
    join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "diptych"),
    join(tmpdir(), "diptych"),
  ];
  for (const root of roots)
    try {
      mkdirSync(root, { recursive: true });
      accessSync(root, constants.W_OK);
      return root;
    } catch {
      // The next one may do.
    }
  throw new UserError(
    `no cache folder can be written: ${roots.join(", ")}; set XDG_CACHE_HOME to one that can`,
  );
}

/** The version in package.json. */
export function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  return (manifest as { version: string }).version;
}
