// PyTorch on the CPU, in a Python process of its own that is told what to run line by line. A row's graph is recorded as
// a list of operations, which the other side runs eagerly; arrays cross in files.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  type Contestant,
  comparedSteps,
  type HostTensors,
  type Operations,
  type Peer,
  type Row,
} from "./contestant.ts";
import type { DetectorStep } from "./detectorStep.ts";

export interface PyTorch extends Peer {
  prepareDetector(step: DetectorStep): Promise<Contestant>;
}

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

/** Writes arrays below `folder`, and says what is where. */
function writeInputs(tensors: HostTensors, folder: string): object[] {
  return Object.entries(tensors).map(([name, { shape, data }], index) => {
    const file = join(folder, `${index}.bin`);
    writeFileSync(file, data);
    return { name, shape, file, type: data instanceof Int32Array ? "int32" : "float32" };
  });
}

/** Runs `body` with a folder that is gone afterwards. */
async function withFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "diptych-peers-"));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const readFloats = (file: string) => new Float32Array(new Uint8Array(readFileSync(file)).buffer);

class Contender implements Contestant {
  constructor(
    private readonly python: Python,
    private readonly row: string,
    private readonly training: boolean,
  ) {}

  /** @param settings what the other side needs besides the arrays. */
  static prepare(python: Python, row: string, inputs: HostTensors, settings: object): Promise<Contender> {
    return withFolder(async (folder) => {
      await python.ask({ do: "prepare", row, inputs: writeInputs(inputs, folder), ...settings });
      return new Contender(python, row, "optimizer" in settings || "training" in settings);
    });
  }

  async run(): Promise<void> {
    await this.timedRun();
  }

  async timedRun(): Promise<number> {
    return (await this.python.ask<{ milliseconds: number }>({ do: "run", row: this.row })).milliseconds;
  }

  async outputs(): Promise<Record<string, Float32Array>> {
    const { python, row } = this;
    if (!this.training)
      return withFolder(async (folder) => {
        const { files } = await python.ask<{ files: Record<string, string> }>({ do: "outputs", row, folder });
        return Object.fromEntries(Object.entries(files).map(([name, file]) => [name, readFloats(file)]));
      });
    const { losses } = await python.ask<{ losses: number[] }>({ do: "losses", row, steps: comparedSteps });
    return { losses: Float32Array.from(losses) };
  }

  release(): void {
    void this.python.ask({ do: "release", row: this.row });
  }
}

function prepare(python: Python, { name, inputs, gradients, training, ...row }: Row): Promise<Contestant> {
  const steps: Step[] = [];
  const names = Object.fromEntries(Object.keys(inputs).map((input) => [input, input]));
  const result = row.graph(recorder(steps), names);
  return Contender.prepare(python, name, inputs, { steps, result, gradients, ...(training && { training }) });
}

const interpreters = ["python3", "/usr/bin/python3"];

/**
 * @param folder where pytorch.py lies.
 * @throws where no interpreter has torch.
 */
export async function pytorch(folder: string, threads: number): Promise<PyTorch> {
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
        prepareDetector: ({ name, request }) =>
          Contender.prepare(python, name, request.inputs, request.settings),
        close: () => python.close(),
      };
    } catch (error) {
      reason ||= (error as Error).message;
    }
  }
  throw new Error(`${reason} (Debian and Ubuntu: apt install python3-torch)`);
}
