// ONNX Runtime (inference only): rows without gradients and batch statistics, as graphs of standard operators whose
// weights are initialisers.
import { InferenceSession, Tensor } from "onnxruntime-node";
import protobuf from "protobufjs";
import type { Contestant, HostTensor, Operations, Peer, Row } from "./contestant.ts";
import { dependencies } from "./package.json";

/** The part of onnx.proto that these graphs need, with its field numbers. */
const schema = `
syntax = "proto3";
message OperatorSet { string domain = 1; int64 version = 2; }
message Model { int64 ir_version = 1; Graph graph = 7; repeated OperatorSet opset_import = 8; }
message Graph {
  repeated Node node = 1; string name = 2; repeated TensorData initializer = 5;
  repeated ValueInfo input = 11; repeated ValueInfo output = 12;
}
message Node { repeated string input = 1; repeated string output = 2; string op_type = 4; repeated Attribute attribute = 5; }
message Attribute { string name = 1; int64 i = 3; repeated int64 ints = 8; int32 type = 20; }
message TensorData { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message ValueInfo { string name = 1; Type type = 2; }
message Type { TensorType tensor_type = 1; }
message TensorType { int32 elem_type = 1; ShapeInfo shape = 2; }
message ShapeInfo { repeated Dimension dim = 1; }
message Dimension { int64 dim_value = 1; }
`;
const Model = protobuf.parse(schema, { keepCase: true }).root.lookupType("Model");
const float = 1;
const integer = 2;
const integers = 7;

class Unsupported extends Error {}

/** Records standard operators on values' names. */
class GraphBuilder {
  readonly nodes: object[] = [];

  constructor(private readonly inputs: Readonly<Record<string, HostTensor>>) {}

  node(operator: string, input: string[], attributes: Record<string, number | number[]> = {}): string {
    const output = `v${this.nodes.length}`;
    const attribute = Object.entries(attributes).map(([name, value]) =>
      Array.isArray(value) ? { name, ints: value, type: integers } : { name, i: value, type: integer },
    );
    this.nodes.push({ op_type: operator, input, output: [output], attribute });
    return output;
  }

  get operations(): Operations<string> {
    const refuse = () => {
      throw new Unsupported();
    };
    return {
      matrixProduct: (weight, x) => this.node("MatMul", [weight, x]),
      conv2d: refuse,
      depthwise: (x, weight) => {
        const [group, , kernel] = this.inputs[weight].shape;
        return this.node("Conv", [x, weight], { group, pads: Array(4).fill((kernel - 1) / 2) });
      },
      pointwise: (x, weight, bias) => this.node("Conv", bias ? [x, weight, bias] : [x, weight]),
      maxPool: refuse,
      batchNorm: refuse,
      fuse: refuse,
      focalLoss: refuse,
      huberLoss: refuse,
      add: refuse,
    };
  }
}

const valueInfo = (name: string, shape: readonly number[]) => ({
  name,
  type: { tensor_type: { elem_type: float, shape: { dim: shape.map((dim_value) => ({ dim_value })) } } },
});

/** The row's model, with `x` as its only input. */
function makeModel(row: Row): Uint8Array {
  const builder = new GraphBuilder(row.inputs);
  const names = Object.fromEntries(Object.keys(row.inputs).map((name) => [name, name]));
  const y = row.graph(builder.operations, names);
  const initializer = Object.entries(row.inputs)
    .filter(([name]) => name !== "x")
    .map(([name, { shape, data }]) => ({
      name,
      dims: shape,
      data_type: float,
      raw_data: new Uint8Array(data.buffer),
    }));
  const graph = {
    name: row.name,
    node: builder.nodes,
    initializer,
    input: [valueInfo("x", row.inputs.x.shape)],
    output: [{ name: y }],
  };
  return Model.encode(Model.fromObject({ ir_version: 9, opset_import: [{ version: 17 }], graph })).finish();
}

async function prepare(row: Row, options: InferenceSession.SessionOptions): Promise<Contestant | undefined> {
  if (row.gradients.length > 0 || !row.inputs.x) return undefined;
  let model: Uint8Array;
  try {
    model = makeModel(row);
  } catch (error) {
    if (error instanceof Unsupported) return undefined;
    throw error;
  }
  const session = await InferenceSession.create(model, options);
  const { data, shape } = row.inputs.x;
  const feeds = { x: new Tensor("float32", data as Float32Array, shape) };
  const compute = async () => (await session.run(feeds))[session.outputNames[0]];
  return {
    run: async () => void (await compute()),
    outputs: async () => ({ y: (await compute()).data as Float32Array }),
    release: () => void session.release(),
  };
}

/** @param provider "cpu" or "webgpu" */
export async function onnx(provider: "cpu" | "webgpu", threads: number): Promise<Peer> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    // Its threads must not spin while others are timed.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
  return {
    name: `ONNX Runtime ${provider === "cpu" ? "CPU" : "WebGPU"}`,
    version: dependencies["onnxruntime-node"],
    method: provider === "cpu" ? `CPU, ${threads} threads` : "WebGPU, input and result on the host",
    prepare: (row) => prepare(row, options),
  };
}
