import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import protobuf from "protobufjs";
import { EventFile } from "../../src/regime/eventFile.ts";
import { temporaryFolder } from "../data/folder.ts";

/** The messages as tensorflow/core/util/event.proto and framework/summary.proto declare them. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Value { string tag = 1; float simple_value = 2; }
  message Summary { repeated Value value = 1; }
  message SessionLog { enum Status { UNSPECIFIED = 0; START = 1; STOP = 2; } Status status = 1; }
  message Event {
    double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; SessionLog session_log = 7;
  }
`);

interface Event {
  wallTime: number;
  step: number;
  fileVersion?: string;
  summary?: { value: { tag: string; simpleValue: number }[] };
  sessionLog?: { status: number };
}

/** CRC32C bit by bit, reflected polynomial 0x82F63B78 (RFC 3720, appendix B.4). */
function checksum(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

function unmask(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

function readEvents(path: string): Event[] {
  const bytes = readFileSync(path);
  const events: Event[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    assert.equal(unmask(bytes.readUInt32LE(at + 8)), checksum(bytes.subarray(at, at + 8)));
    const body = bytes.subarray(at + 12, at + 12 + length);
    assert.equal(unmask(bytes.readUInt32LE(at + 12 + length)), checksum(body));
    const message = root.lookupType("Event").decode(body);
    events.push(root.lookupType("Event").toObject(message, { longs: Number }) as Event);
    at += 16 + length;
  }
  return events;
}

test("the checksum is that of the RFC", () => {
  assert.equal(checksum(new TextEncoder().encode("123456789")), 0xe3069283);
});

test("a file of events holds its version, the step it begins at and every number by its path", async (t) => {
  const folder = join(await temporaryFolder(t), "module_a");
  const file = EventFile.begin(folder, 7);
  file.add(8, { loss: 0.5, note: "none", training: { box: 0.25, level: { p3: -1 } } });
  file.add(9, { loss: Number.NaN });
  const [name] = readdirSync(folder);
  assert.match(name, /^events\.out\.tfevents\.\d{10}\./);
  const [version, start, first, second] = readEvents(join(folder, name));
  assert.equal(version.fileVersion, "brain.Event:2");
  assert.ok(Math.abs(version.wallTime - Date.now() / 1000) < 60);
  assert.deepEqual([start.step, start.sessionLog], [8, { status: 1 }]);
  assert.equal(first.step, 8);
  assert.deepEqual(first.summary?.value, [
    { tag: "loss", simpleValue: 0.5 },
    { tag: "training/box", simpleValue: 0.25 },
    { tag: "training/level/p3", simpleValue: -1 },
  ]);
  assert.ok(Number.isNaN(second.summary?.value[0].simpleValue));
});
