// An ONNX model under construction: nodes of standard operators on values' names, and constants as initialisers.
import protobuf from "protobufjs";

/** The part of onnx.proto (github.com/onnx/onnx) that is written here, with its field numbers. */
const schema = `
syntax = "proto3";
message OperatorSet { string domain = 1; int64 version = 2; }
message Property { string key = 1; string value = 2; }
message Model {
  int64 ir_version = 1; string producer_name = 2; string producer_version = 3; string doc_string = 6; Graph graph = 7;
  repeated OperatorSet opset_import = 8; repeated Property metadata_props = 14;
}
message Graph {
  repeated Node node = 1; string name = 2; repeated Constant initializer = 5;
  repeated ValueInfo input = 11; repeated ValueInfo output = 12;
}
message Node {
  repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4; repeated Attribute attribute = 5;
}
message Attribute { string name = 1; int64 i = 3; bytes s = 4; repeated int64 ints = 8; int32 type = 20; }
message Constant { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message ValueInfo { string name = 1; Type type = 2; }
message Type { TensorType tensor_type = 1; }
message TensorType { int32 elem_type = 1; ShapeInfo shape = 2; }
message ShapeInfo { repeated Dimension dim = 1; }
message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
`;
const Model = protobuf.parse(schema, { keepCase: true }).root.lookupType("Model");

/** The first versions with every operator as it is used here. */
const [irVersion, opsetVersion] = [8, 17];
const dataTypes = { f32: 1, i64: 7 } as const;
const attributeTypes = { integer: 2, text: 3, integers: 7 } as const;

/** A name in the graph. */
export type Value = string;
export type AttributeValue = number | string | readonly number[];
/** Extents; text names one that is known only when the model runs. */
export type OnnxShape = readonly (number | string)[];

function attributeOf([name, value]: [string, AttributeValue]): object {
  if (typeof value === "number") return { name, i: value, type: attributeTypes.integer };
  if (typeof value === "string")
    return { name, s: new TextEncoder().encode(value), type: attributeTypes.text };
  return { name, ints: value, type: attributeTypes.integers };
}

const valueInfo = ([name, shape]: [string, OnnxShape]) => ({
  name,
  type: {
    tensor_type: {
      elem_type: dataTypes.f32,
      shape: {
        dim: shape.map((extent) =>
          typeof extent === "number" ? { dim_value: extent } : { dim_param: extent },
        ),
      },
    },
  },
});

export interface ModelDescription {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly inputs: Readonly<Record<string, OnnxShape>>;
  readonly outputs: Readonly<Record<string, OnnxShape>>;
  readonly metadata: Readonly<Record<string, string>>;
}

export class OnnxGraph {
  readonly #nodes: object[] = [];
  readonly #constants: object[] = [];

  /** Adds a node with one output. @param output its name; default a new one. */
  node(
    operator: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    output = `${operator}_${this.#nodes.length}`,
  ): Value {
    const attribute = Object.entries(attributes).map(attributeOf);
    this.#nodes.push({ op_type: operator, name: output, input: inputs, output: [output], attribute });
    return output;
  }

  /** A float32 constant. */
  constant(shape: readonly number[], data: ArrayLike<number>): Value {
    return this.#initializer(shape, "f32", Float32Array.from(data));
  }

  /** A list of integers, as operators take shapes and ranges. */
  integers(...values: readonly number[]): Value {
    return this.#initializer([values.length], "i64", BigInt64Array.from(values, BigInt));
  }

  #initializer(
    dims: readonly number[],
    type: keyof typeof dataTypes,
    { buffer }: Float32Array | BigInt64Array,
  ) {
    const name = `constant_${this.#constants.length}`;
    this.#constants.push({ name, dims, data_type: dataTypes[type], raw_data: new Uint8Array(buffer) });
    return name;
  }

  /** The model as a file's bytes. */
  encode({ name, version, description, inputs, outputs, metadata }: ModelDescription): Uint8Array {
    const model = {
      ir_version: irVersion,
      producer_name: "diptych",
      producer_version: version,
      doc_string: description,
      opset_import: [{ version: opsetVersion }],
      metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: {
        name,
        node: this.#nodes,
        initializer: this.#constants,
        input: Object.entries(inputs).map(valueInfo),
        output: Object.entries(outputs).map(valueInfo),
      },
    };
    return Model.encode(Model.fromObject(model)).finish();
  }
}
