// jax-js on its WebGPU backend: every row one jitted function, channels first as its convolutions take them.
import { defaultDevice, init, jit, lax, nn, numpy as np, tree, valueAndGrad, vjp } from "@jax-js/jax";
import {
  type Contestant,
  comparedSteps,
  type HostTensor,
  type Operations,
  type Peer,
  type Row,
} from "./contestant.ts";
import { dependencies } from "./package.json";

type Arrays = Record<string, np.Array>;

/**
 * Its functions consume their arguments. A graph may use a value any number of times, so every use takes a reference
 * of its own; while a function is traced, one too many costs nothing.
 */
const use = (x: np.Array): np.Array => x.ref;

const perChannel = (x: np.Array): np.Array => use(x).reshape([1, x.shape[0], 1, 1]);

/** Padding of k/2 on both sides of both dimensions. */
function around(weight: np.Array): [number, number][] {
  const before = Math.floor(weight.shape[2] / 2);
  return [
    [before, before],
    [before, before],
  ];
}

/** 3x3 maxima at stride 2. Its pool does not pad and its padding is 0, so the border is masked. */
function maxPool(x: np.Array): np.Array {
  const [, , height, width] = x.shape;
  const edge: [number, number][] = [
    [0, 0],
    [0, 0],
    [1, 1],
    [1, 1],
  ];
  const inside = np.pad(np.ones([1, 1, height, width]), edge);
  const padded = np.pad(use(x), edge).add(inside.sub(1).mul(1e30));
  return lax.reduceWindow(padded, (window) => np.max(window), [3, 3], [2, 2]);
}

/** Nearest neighbour to twice the size. */
function upsample(x: np.Array): np.Array {
  const [n, c, height, width] = x.shape;
  const spread = np.broadcastTo(use(x).reshape([n, c, height, 1, width, 1]), [n, c, height, 2, width, 2]);
  return spread.reshape([n, c, 2 * height, 2 * width]);
}

const operations: Operations<np.Array> = {
  matrixProduct: (weight, x) => np.matmul(use(weight), use(x)),
  conv2d: (x, weight) => lax.convGeneralDilated(use(x), use(weight), [2, 2], around(weight)),
  depthwise: (x, weight) =>
    lax.convGeneralDilated(use(x), use(weight), [1, 1], around(weight), { featureGroupCount: x.shape[1] }),
  pointwise(x, weight, bias) {
    const y = lax.convGeneralDilated(use(x), use(weight), [1, 1], "VALID");
    return bias ? y.add(perChannel(bias)) : y;
  },
  maxPool,
  batchNorm(x, gamma, beta, activation) {
    const axes = [0, 2, 3];
    const centered = use(x).sub(np.mean(use(x), axes, { keepdims: true }));
    const variance = np.mean(np.square(use(centered)), axes, { keepdims: true });
    const scale = perChannel(gamma).div(np.sqrt(variance.add(1e-3)));
    const y = centered.mul(scale).add(perChannel(beta));
    return activation === "swish" ? nn.silu(y) : y;
  },
  fuse(same, half, twice, weights) {
    const positive = nn.relu(use(weights));
    const factors = use(positive).div(np.sum(positive).add(1e-4));
    const terms = [use(same), upsample(half), maxPool(twice)].map((map, index) =>
      map.mul(use(factors).slice(index)),
    );
    return nn.silu(terms[0].add(terms[1]).add(terms[2]));
  },
  focalLoss(logits, { positives, normalizer }) {
    const z = use(logits).mul(use(positives).mul(-2).add(1));
    const alpha = use(positives).mul(-0.5).add(0.75);
    const modulated = alpha.mul(np.power(nn.sigmoid(use(z)), 1.5));
    return np.sum(modulated.mul(nn.softplus(z))).div(use(normalizer).reshape([]));
  },
  huberLoss(codes, { boxImage, normalizer }) {
    const error = np.abs(use(codes).sub(use(boxImage)));
    const quadratic = np.minimum(use(error), 0.1);
    const value = np.square(use(quadratic)).mul(0.5).add(error.sub(quadratic).mul(0.1));
    const counted = np.where(np.notEqual(use(boxImage), 0), value, 0);
    return np.sum(counted).div(use(normalizer).reshape([]).mul(4));
  },
  add: (a, b, scale) => use(a).add(use(b).mul(scale)),
};

function upload({ shape, data }: HostTensor): np.Array {
  return np.array(data, { shape: [...shape], dtype: data instanceof Int32Array ? np.int32 : np.float32 });
}

const uploadAll = (row: Row, names: readonly string[]): Arrays =>
  Object.fromEntries(names.map((name) => [name, upload(row.inputs[name])]));

const download = async (x: np.Array): Promise<Float32Array> => (await x.data()) as Float32Array;

/** Waits for the last of a run's results, and gives all of them back. */
async function finish(results: Arrays): Promise<void> {
  for (const array of Object.values(results)) await array.blockUntilReady();
  tree.dispose(results);
}

function prepareOperation(row: Row): Contestant {
  const fixed = uploadAll(
    row,
    Object.keys(row.inputs).filter((name) => !row.gradients.includes(name)),
  );
  const wanted = uploadAll(row, row.gradients);
  const compute = jit((given: Arrays, constants: Arrays): Arrays => {
    const graph = (variables: Arrays) => row.graph(operations, { ...constants, ...variables });
    if (row.gradients.length === 0) return { y: graph(given) };
    if (row.result === "scalar") {
      const [y, gradients] = valueAndGrad(graph)(given) as unknown as [np.Array, Arrays];
      return { y, ...gradients };
    }
    const [y, backward] = vjp(graph, [given]) as unknown as [np.Array, (dy: np.Array) => [Arrays]];
    const [gradients] = backward(use(constants.dy));
    return { y, ...gradients };
  });
  const call = (): Arrays => compute(tree.ref(wanted), tree.ref(fixed)) as Arrays;
  return {
    run: async () => finish(call()),
    async outputs() {
      const results: Record<string, Float32Array> = {};
      for (const [name, array] of Object.entries(call())) results[name] = await download(array);
      return results;
    },
    release: () => tree.dispose([fixed, wanted, compute]),
  };
}

interface State {
  readonly values: Arrays;
  readonly momenta: Arrays;
}

function prepareTraining(row: Row): Contestant {
  const { rate, momentum } = row.training!;
  const fixed = uploadAll(
    row,
    Object.keys(row.inputs).filter((name) => !row.gradients.includes(name)),
  );
  const step = jit((values: Arrays, momenta: Arrays, constants: Arrays) => {
    const graph = (variables: Arrays) => row.graph(operations, { ...constants, ...variables });
    const [loss, gradients] = valueAndGrad(graph)(tree.ref(values)) as unknown as [np.Array, Arrays];
    const moved: { values: Arrays; momenta: Arrays } = { values: {}, momenta: {} };
    for (const name of row.gradients) {
      moved.momenta[name] = momenta[name].mul(momentum).add(gradients[name]);
      moved.values[name] = values[name].sub(use(moved.momenta[name]).mul(rate));
    }
    return { loss, ...moved };
  });
  let state: State = {
    values: uploadAll(row, row.gradients),
    momenta: Object.fromEntries(row.gradients.map((name) => [name, np.zeros([...row.inputs[name].shape])])),
  };
  const advance = (): np.Array => {
    const { loss, ...moved } = step(state.values, state.momenta, tree.ref(fixed)) as unknown as State & {
      loss: np.Array;
    };
    state = moved;
    return loss;
  };
  return {
    async run() {
      const loss = advance();
      for (const array of tree.leaves([state.values, state.momenta] as Arrays[]))
        await array.blockUntilReady();
      await finish({ loss });
    },
    async outputs() {
      const losses: number[] = [];
      while (losses.length < comparedSteps) losses.push((await download(advance()))[0]);
      return { losses: Float32Array.from(losses) };
    },
    release: () => tree.dispose([fixed, state.values, state.momenta]),
  };
}

/** @throws where its backend does not start. `navigator.gpu` must be there. */
export async function jax(): Promise<Peer> {
  const devices = await init("webgpu");
  if (!devices.includes("webgpu")) throw new Error("its WebGPU backend did not start");
  defaultDevice("webgpu");
  return {
    name: "jax-js",
    version: dependencies["@jax-js/jax"],
    method: "WebGPU, NCHW, jit",
    prepare: async (row) => (row.training ? prepareTraining(row) : prepareOperation(row)),
  };
}
