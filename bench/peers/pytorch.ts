// PyTorch on the CPU, in a Python process of its own that is told what to run line by line. A row's graph is recorded as
// a list of operations, which the other side runs eagerly; arrays cross in files.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Contestant, comparedSteps, type Operations, type Peer, type Row } from "./contestant.ts";

/** One operation: its name, and the names of its arguments and result. */
type Step = readonly [operation: string, args: readonly (string | number | null)[], result: string];

function recorder(steps: Step[]): Operations<string> {
  const record = (operation: string, ...args: (string | number | null)[]): string => {
    const result = `value ${steps.length}`;
    steps.push([operation, args, result]);
    return result;
  };
  return {
    matrixProduct: (weight, x) => record("matrixProduct", weight, x),
    conv2d: (x, weight) => record("conv2d", x, weight),
    depthwise: (x, weight) => record("depthwise", x, weight),
    pointwise: (x, weight, bias) => record("pointwise", x, weight, bias ?? null),
    maxPool: (x) => record("maxPool", x),
    batchNorm: (x, gamma, beta, activation) => record("batchNorm", x, gamma, beta, activation),
    fuse: (same, half, twice, weights) => record("fuse", same, half, twice, weights),
    focalLoss: (logits, { positives, normalizer }) => record("focalLoss", logits, positives, normalizer),
    huberLoss: (codes, { boxImage, normalizer }) => record("huberLoss", codes, boxImage, normalizer),
    add: (a, b, scale) => record("add", a, b, scale),
  };
}

/** The Python process: one answer a request, in order. */
class Python {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve(answer: unknown): void; reject(error: Error): void }[] = [];
  #complaint = "";

  constructor(interpreter: string, script: string, args: readonly string[]) {
    this.#child = spawn(interpreter, [script, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stderr!.on("data", (chunk) => {
      this.#complaint = `${this.#complaint}${chunk}`.slice(-2000);
    });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      const answer = JSON.parse(line) as { error?: string };
      const { resolve, reject } = this.#waiting.shift()!;
      if (answer.error === undefined) resolve(answer);
      else reject(new Error(answer.error));
    });
    const failed = (reason: string) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(reason));
    };
    this.#child.on("error", (error) => failed(error.message));
    this.#child.on("close", () => failed(this.#complaint.trim().split("\n").at(-1) || "it ended"));
  }

  ask<T>(request: object): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ resolve: resolve as (answer: unknown) => void, reject });
      this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    });
  }

  close(): void {
    this.#child.stdin!.end();
  }
}

/** Writes the row's inputs below `folder`, and says what is where. */
function describeRow(row: Row, folder: string): object {
  const steps: Step[] = [];
  const names = Object.fromEntries(Object.keys(row.inputs).map((name) => [name, name]));
  const result = row.graph(recorder(steps), names);
  const inputs = Object.entries(row.inputs).map(([name, { shape, data }], index) => {
    const file = join(folder, `${index}.bin`);
    writeFileSync(file, data);
    return { name, shape, file, type: data instanceof Int32Array ? "int32" : "float32" };
  });
  const { gradients, training } = row;
  return { do: "prepare", row: row.name, steps, inputs, result, gradients, training };
}

async function prepare(python: Python, row: Row): Promise<Contestant> {
  const folder = mkdtempSync(join(tmpdir(), "diptych-peers-"));
  try {
    await python.ask(describeRow(row, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const read = (file: string) => new Float32Array(new Uint8Array(readFileSync(file)).buffer);
  return {
    run: async () => (await python.ask<{ milliseconds: number }>({ do: "run", row: row.name })).milliseconds,
    async outputs() {
      if (row.training) {
        const request = { do: "losses", row: row.name, steps: comparedSteps };
        return { losses: Float32Array.from((await python.ask<{ losses: number[] }>(request)).losses) };
      }
      const target = mkdtempSync(join(tmpdir(), "diptych-peers-"));
      const request = { do: "outputs", row: row.name, folder: target };
      const { files } = await python.ask<{ files: Record<string, string> }>(request);
      const outputs = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, read(file)]));
      rmSync(target, { recursive: true, force: true });
      return outputs;
    },
    release: () => void python.ask({ do: "release", row: row.name }),
  };
}

const interpreters = ["python3", "/usr/bin/python3"];

/**
 * @param folder where pytorch.py lies.
 * @throws where no interpreter has torch.
 */
export async function pytorch(folder: string, threads: number): Promise<Peer> {
  let reason = "";
  for (const interpreter of interpreters) {
    const python = new Python(interpreter, join(folder, "pytorch.py"), [String(threads)]);
    try {
      const { version } = await python.ask<{ version: string }>({ do: "version" });
      return {
        name: "PyTorch CPU",
        version,
        method: `CPU, ${threads} threads, NCHW, eager`,
        prepare: (row) => prepare(python, row),
        close: () => python.close(),
      };
    } catch (error) {
      reason ||= (error as Error).message;
    }
  }
  throw new Error(`${reason} (Debian and Ubuntu: apt install python3-torch)`);
}
