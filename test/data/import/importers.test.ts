import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { readImage } from "../../../src/data/image.ts";
import { bcsDbt } from "../../../src/data/import/bcsDbt.ts";
import { cbis } from "../../../src/data/import/cbis.ts";
import { coco } from "../../../src/data/import/coco.ts";
import { embed } from "../../../src/data/import/embed.ts";
import { Problems } from "../../../src/data/import/imported.ts";
import { inbreast } from "../../../src/data/import/inbreast.ts";
import { tsynth } from "../../../src/data/import/tsynth.ts";
import { vindr } from "../../../src/data/import/vindr.ts";
import { csv, dicom, type Files, importSet, inAir, inBreast, picture, writeSet } from "./sets.ts";

const box = [inBreast.top, inBreast.left, inBreast.bottom, inBreast.right];

test("VinDr-Mammo: findings with boxes, one row an image, its training part divided by patient", async (t) => {
  const levels = [
    "study_id",
    "series_id",
    "image_id",
    "laterality",
    "view_position",
    "height",
    "width",
    "breast_birads",
    "breast_density",
    "split",
  ];
  const row = (study: string, image: string, split: string) => [
    study,
    "s",
    image,
    "L",
    "CC",
    160,
    100,
    "BI-RADS 4",
    "DENSITY C",
    split,
  ];
  const findings = [
    "study_id",
    "image_id",
    "finding_categories",
    "finding_birads",
    "xmin",
    "ymin",
    "xmax",
    "ymax",
  ];
  const at = [inBreast.left, inBreast.top, inBreast.right, inBreast.bottom];
  const { folder, rows, problems } = await importSet(t, vindr, {
    "breast-level_annotations.csv": csv(
      levels,
      row("s1", "i1", "training"),
      row("s1", "i2", "training"),
      row("s2", "i3", "test"),
      row("s3", "i4", "training"),
    ),
    "finding_annotations.csv": csv(
      findings,
      ["s1", "i1", "\"['Skin Thickening', 'Mass']\"", "BI-RADS 4", ...at],
      ["s1", "i1", "['Suspicious Calcification']", "BI-RADS 4", ...at],
      ["s1", "i2", "['No Finding']", "", "", "", "", ""],
      ["s2", "i3", "['Architectural Distortion']", "", inAir.left, inAir.top, inAir.right, inAir.bottom],
    ),
    "images/s1/i1.dicom": dicom(picture(1), "i1"),
    "images/s1/i2.dicom": dicom(picture(2), "i2"),
    "images/s2/i3.dicom": dicom(picture(3), "i3"),
  });
  assert.equal(rows.length, 2);
  const [first, second] = rows;
  assert.deepEqual(
    [first.labels, first.ffdmBoxes],
    [
      ["mass", "suspicious calcification"],
      [box, box],
    ],
  );
  assert.equal(first.ffdm, join(folder, "images", "s1", "i1.dicom"));
  assert.deepEqual([first.sm, first.density, first.spacing], [undefined, "DENSITY C", 0.5]);
  assert.deepEqual(second.labels, []);
  assert.equal(first.split, second.split);
  assert.ok(first.split !== "test");
  assert.deepEqual(problems, {
    "marks beside the breast, as on the wrong side, whose views are left out": 1,
    "images that are missing, left out": 1,
  });
  const broken = await writeSet(t, {
    "finding_annotations.csv": csv(findings, ["s1", "i1", "['Mass']", "", "a", 1, 2, 3]),
  });
  await assert.rejects(
    vindr.read(broken, new Problems(), ""),
    /finding_annotations\.csv: line 2, xmin: "a" must be a number$/,
  );
});

const metadata = [
  "empi_anon",
  "acc_anon",
  "anon_dicom_path",
  "FinalImageType",
  "ImageLateralityFinal",
  "ViewPosition",
  "spot_mag",
  "num_roi",
  "ROI_coords",
  "match_level",
];
const clinical = [
  "acc_anon",
  "side",
  "massshape",
  "massmargin",
  "massdens",
  "calcfind",
  "calcdistri",
  "tissueden",
];
const roi = (...boxes: readonly (readonly number[])[]) =>
  JSON.stringify(`[${boxes.map((b) => `[${b.join(", ")}]`).join(", ")}]`);

test("EMBED: 2D and C-View of one exam, side and view are a pair; the rest is counted", async (t) => {
  const path = (name: string) => `/mnt/NAS2/mammo/anon_dicom/cohort_1/${name}.dcm`;
  const row = (
    exam: string,
    name: string,
    kind: string,
    marks: string,
    more: { view?: string; spot?: string; level?: string } = {},
  ) => [
    `E${exam}`,
    exam,
    path(name),
    kind,
    "L",
    more.view ?? "CC",
    more.spot ?? "",
    1,
    marks,
    more.level ?? "",
  ];
  const none = roi();
  const small = box.map((edge) => edge / 2);
  const { folder, rows, problems } = await importSet(t, embed, {
    "tables/EMBED_OpenData_metadata.csv": csv(
      metadata,
      row("1", "a", "2D", roi(box)),
      row("1", "b", "cview", roi(small), { level: "2" }),
      row("1", "c", "2D", none, { view: "MLO" }),
      row("1", "d", "C-View", none, { view: "MLO" }),
      row("2", "e", "2D", none),
      row("3", "f", "2D", roi(box), { view: "ML" }),
      row("3", "g", "cview", none, { view: "ML" }),
      row("4", "a", "2D", none, { spot: "1" }),
      row("5", "a", "3D", none),
      row("6", "a", "2D", roi(Object.values(inAir).slice(0, 4))),
      row("6", "b", "cview", roi(small)),
    ),
    "tables/EMBED_OpenData_clinical.csv": csv(
      clinical,
      ["1", "L", "R", "", "", "", "", 2],
      ["1", "R", "", "", "", "A", "", 2],
      ["6", "L", "Q", "", "", "", "", 4],
    ),
    ...Object.fromEntries(
      ["a", "c", "e", "f"].map((name) => [`images/cohort_1/${name}.dcm`, dicom(picture(), name)]),
    ),
    ...Object.fromEntries(
      ["b", "d", "g"].map((name) => [`images/cohort_1/${name}.dcm`, dicom(picture(), name)]),
    ),
  });
  assert.equal(rows.length, 2);
  assert.deepEqual(
    [rows[0].ffdmBoxes, rows[0].smBoxes, rows[0].labels, rows[0].density],
    [[box], [small], ["mass"], "2"],
  );
  assert.equal(rows[0].sm, join(folder, "images", "cohort_1", "b.dcm"));
  assert.deepEqual([rows[1].view, rows[1].labels], ["MLO", []]);
  assert.deepEqual(problems, {
    "marks carried over from the other image by the set's authors (match level 2), kept": 1,
    "views with no C-View image, left out": 1,
    "marks on one image of the pair and not on the other, left out": 1,
    "spot or magnification views, left out": 1,
    "marks beside the breast, as on the wrong side, whose views are left out": 1,
  });
  const broken = await writeSet(t, {
    "tables/EMBED_OpenData_metadata.csv": csv(metadata, row("1", "a", "2D", "oops")),
    "tables/EMBED_OpenData_clinical.csv": csv(clinical),
  });
  await assert.rejects(
    embed.read(broken, new Problems(), ""),
    /line 2, ROI_coords: "oops" must be a list of lists$/,
  );
});

test("CBIS-DDSM: outlines become boxes, though masks and cut-outs are swapped and folders renamed", async (t) => {
  const columns = [
    "patient_id",
    "breast_density",
    "left or right breast",
    "image view",
    "abnormality id",
    "abnormality type",
    "pathology",
    "image file path",
    "cropped image file path",
    "ROI mask file path",
  ];
  const mask = { ...picture(), data: new Uint16Array(160 * 100), bits: 8 };
  for (let y = inBreast.top; y < inBreast.bottom; y++)
    mask.data.fill(255, y * 100 + inBreast.left, y * 100 + inBreast.right);
  const cut = mammogramCut();
  const row = (patient: string, lesion: number, image: string, crop: string, roiPath: string) => [
    patient,
    3,
    "LEFT",
    "CC",
    lesion,
    "mass",
    "MALIGNANT",
    image,
    crop,
    roiPath,
  ];
  const files: Files = {
    "mass_case_description_train_set.csv": csv(
      columns,
      // As published, but that the mask's path leads to the cut-out.
      row(
        "P1",
        1,
        "Mass-Training_P1_LEFT_CC/1.3/1.4/000000.dcm",
        "M_P1_1/1.5/1.6/000001.dcm",
        "M_P1_1/1.5/1.7/000000.dcm",
      ),
      // The folders that a downloader makes.
      row(
        "P2",
        1,
        "Mass-Training_P2_LEFT_CC/1.3/1.4/000000.dcm",
        "M_P2_1/1.5/1.6/000001.dcm",
        "M_P2_1/1.5/1.6/000000.dcm",
      ),
      row("P3", 1, "gone/1.3/1.4/000000.dcm", "x", "y"),
    ),
    "mass_case_description_test_set.csv": csv(
      columns,
      row("P2", 1, "Mass-Test_P2_LEFT_CC/000000.dcm", "n/1/2/c.dcm", "M_P2T_1/1/2/mask.dcm"),
    ),
    "Mass-Training_P1_LEFT_CC/1.3/1.4/000000.dcm": dicom(picture(1), "1"),
    "M_P1_1/1.5/1.7/000000.dcm": dicom(cut, "2"),
    "M_P1_1/1.5/1.6/000001.dcm": dicom(mask, "3"),
    "Mass-Training_P2_LEFT_CC/08-07-2016/1-full/1-1.dcm": dicom(picture(2), "4"),
    "M_P2_1/08-07-2016/1-ROI/1-1.dcm": dicom(cut, "5"),
    "M_P2_1/08-07-2016/1-ROI/1-2.dcm": dicom(mask, "6"),
    "Mass-Test_P2_LEFT_CC/000000.dcm": dicom(picture(3), "7"),
    "M_P2T_1/1/2/mask.dcm": dicom(mask, "8"),
  };
  const { rows, problems } = await importSet(t, cbis, files);
  assert.deepEqual(
    rows.map(({ patient, split, ffdmBoxes, labels }) => [patient, split === "test", ffdmBoxes, labels]),
    [
      ["P2", true, [box], ["mass"]],
      ["P1", false, [box], ["mass"]],
    ],
  );
  assert.deepEqual(problems, {
    "images that are missing, left out": 1,
    "training images of patients that the set also tests on, left out": 1,
  });
  await assert.rejects(
    cbis.read(await writeSet(t, { "a.txt": "" }), new Problems(), ""),
    /has no table \*_case_description_\*_set\.csv$/,
  );
});

const mammogramCut = () => ({ ...picture(), height: 20, width: 20, data: picture().data.slice(0, 400) });

test("INbreast: outlines of property lists, patients by the files' names", async (t) => {
  const points = (...list: readonly (readonly [number, number])[]) =>
    `<key>Point_px</key><array>${list.map(([x, y]) => `<string>(${x.toFixed(6)}, ${y.toFixed(6)})</string>`).join("")}</array>`;
  const outline = (...rois: readonly string[]) =>
    `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "PropertyList-1.0.dtd"><plist version="1.0"><dict><key>Images</key><array><dict><key>ROIs</key><array>${rois.map((content) => `<dict>${content}</dict>`).join("")}</array></dict></array></dict></plist>`;
  const { rows, problems } = await importSet(t, inbreast, {
    "INbreast.csv":
      "Patient ID;Patient age;Laterality;View;Acquisition date;File Name;ACR;Bi-Rads\nremoved;removed;L;CC;201001;20586908;2;5\nremoved;removed;R;MLO;201001;20586934;1;1\nremoved;removed;L;CC;201001;20580000;1;1\n",
    "AllDICOMs/20586908_6c613a14b80a8591_MG_L_CC_ANON.dcm": dicom(picture(1), "1"),
    "AllDICOMs/20586934_6c613a14b80a8591_MG_R_MLO_ANON.dcm": dicom(picture(2), "2"),
    "AllXML/20586908.xml": outline(
      `<key>Name</key><string>Spiculated mass</string>${points([inBreast.left, inBreast.top], [inBreast.right, inBreast.top], [30, inBreast.bottom])}`,
      `<key>Name</key><string>Calcification</string>${points([5, 5])}`,
    ),
  });
  assert.deepEqual(
    rows.map(({ patient, side, view, ffdmBoxes, labels, density }) => [
      patient,
      side,
      view,
      ffdmBoxes,
      labels,
      density,
    ]),
    [
      ["6c613a14b80a8591", "L", "CC", [box], ["mass"], "2"],
      ["6c613a14b80a8591", "R", "MLO", [], [], "1"],
    ],
  );
  assert.deepEqual(problems, {
    "outlines of a point or a line, left out": 1,
    "images that are missing, left out": 1,
  });
  const broken = await writeSet(t, {
    "INbreast.csv": "Laterality;View;File Name;ACR\nL;CC;1;2\n",
    "AllDICOMs/1.dcm": dicom(picture(), "x"),
    "AllXML/1.xml": "<plist><dict/></plist>",
  });
  await assert.rejects(
    inbreast.read(broken, new Problems(), ""),
    /1\.xml: not an outline as INbreast has them/,
  );
});

test("BCS-DBT: a boxed volume's slice, a normal one's middle slice; others say too little", async (t) => {
  const volume = (seed: number) =>
    dicom(
      Array.from({ length: 7 }, (_, slice) => picture(seed + slice)),
      `v${seed}`,
    );
  const key = (patient: string, view: string) => [patient, "study", view];
  const { folder, rows, problems } = await importSet(t, bcsDbt, {
    "BCS-DBT-file-paths-train-v2.csv": csv(
      ["PatientID", "StudyUID", "View", "descriptive_path", "classic_path"],
      [...key("D1", "lcc"), "a/1.dcm", ""],
      [...key("D2", "lmlo"), "a/2.dcm", ""],
      [...key("D3", "lcc2"), "a/3.dcm", ""],
    ),
    "BCS-DBT-labels-train-v2.csv": csv(
      ["PatientID", "StudyUID", "View", "Normal", "Actionable", "Benign", "Cancer"],
      [...key("D1", "lcc"), 0, 0, 0, 1],
      [...key("D2", "lmlo"), 1, 0, 0, 0],
      [...key("D3", "lcc2"), 0, 1, 0, 0],
    ),
    "BCS-DBT-boxes-train-v2.csv": csv(
      [
        "PatientID",
        "StudyUID",
        "View",
        "Subject",
        "Slice",
        "X",
        "Y",
        "Width",
        "Height",
        "Class",
        "AD",
        "VolumeSlices",
      ],
      [...key("D1", "lcc"), "s", 4, inBreast.left, inBreast.top, 20, 20, "cancer", 0, 7],
    ),
    "a/1.dcm": volume(1),
    "a/2.dcm": volume(20),
  });
  assert.deepEqual(
    rows.map(({ sm, smBoxes, labels, view, split }) => [sm, smBoxes, labels, view, split]),
    [
      [`${join(folder, "a/1.dcm")}#5`, [box], ["cancer"], "CC", "train"],
      [`${join(folder, "a/2.dcm")}#4`, [], [], "MLO", "train"],
    ],
  );
  assert.deepEqual((await readImage(rows[0].sm as string)).data, picture(5).data);
  assert.deepEqual(problems, { "volumes without a box that are not known to be normal, left out": 1 });
});

test("COCO: boxes by category, sides from fields or names", async (t) => {
  const content = {
    images: [
      { id: 1, file_name: "p1_L_CC.dcm", patient: "p1" },
      { id: 2, file_name: "two.dcm", side: "left", view: "MLO" },
      { id: 3, file_name: "three.dcm" },
    ],
    annotations: [{ image_id: 1, category_id: 9, bbox: [inBreast.left, inBreast.top, 20, 20] }],
    categories: [{ id: 9, name: "mass" }],
  };
  const { rows, problems } = await importSet(t, coco, {
    "annotations.json": JSON.stringify(content),
    "p1_L_CC.dcm": dicom(picture(1), "1"),
    "two.dcm": dicom(picture(2), "2"),
  });
  assert.deepEqual(
    rows.map(({ patient, side, view, ffdmBoxes, labels }) => [patient, side, view, ffdmBoxes, labels]),
    [
      ["p1", "L", "CC", [box], ["mass"]],
      ["two", "L", "MLO", [], []],
    ],
  );
  assert.deepEqual(problems, { "images of which neither a field nor the name says the side, left out": 1 });
  const wrong = (change: object) => writeSet(t, { "a.json": JSON.stringify({ ...content, ...change }) });
  await assert.rejects(
    coco.read(
      await wrong({ annotations: [{ image_id: 1, category_id: 9, bbox: [1, 2, 3] }] }),
      new Problems(),
      "",
    ),
    /a\.json: annotations\.0\.bbox: /,
  );
  await assert.rejects(
    coco.read(await wrong({ categories: [] }), new Problems(), ""),
    /category 9 is not among the categories$/,
  );
});

test("T-SYNTH: raw floats become DICOM, the mammogram upright and inverted, boxes where the lesion is", async (t) => {
  const [height, width] = [160, 100];
  const base = "data/device_data_VICTREPhantoms_spic_1.06/fatty/2/5.0/SIM/D2_5.0_fatty";
  const view = picture().data;
  const energy = new Float32Array(height * width);
  // Lying on its side: what is at (row, column) of the upright picture comes from its turn to the left.
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      energy[(width - 1 - column) * height + row] = Math.exp(-view[row * width + column] / 1000);
  const bytes = (values: Float32Array) => new Uint8Array(values.buffer);
  const dm = "data/device_data_VICTREPhantoms_spic_1.06/2.22e10/fatty/2/5.0/SIM/P2_5.0_fatty";
  const { rows, problems } = await importSet(t, tsynth, {
    [`${base}.1/1/reconstruction1.raw`]: bytes(Float32Array.from(view)),
    [`${base}.1/1/reconstruction1.mhd`]: `NDims = 2\nDimSize = ${height} ${width}\n`,
    [`${base}.1/1/reconstruction1.loc`]: "30 80 1\n",
    [`${dm}.1/1/projection_DM1.raw`]: bytes(energy),
    [`${dm}.1/1/projection_DM1.mhd`]: `NDims = 3\nDimSize = ${height} ${width} 1\n`,
    [`${dm}.1/1/projection_DM1.loc`]: "30 80 1\n",
    [`${base}.2/2/reconstruction2.raw`]: bytes(Float32Array.from(view)),
  });
  assert.equal(rows.length, 1);
  const [{ ffdm, sm, patient, labels, ffdmBoxes, smBoxes, density }] = rows;
  assert.deepEqual([patient, labels, density], ["fatty-1", ["mass"], "fatty"]);
  assert.deepEqual(ffdmBoxes, smBoxes);
  assert.deepEqual(ffdmBoxes, [[25, 0, 135, 85]]);
  const images = [await readImage(ffdm as string), await readImage(sm as string)];
  for (const image of images) {
    assert.deepEqual([image.height, image.width, image.spacing], [height, width, [0.085, 0.085]]);
    const [low, high] = [Math.min(...view), Math.max(...view)];
    const worst = image.data.reduce(
      (most, value, i) => Math.max(most, Math.abs(value / 16_383 - (view[i] - low) / (high - low))),
      0,
    );
    assert.ok(worst < 1e-3, `${worst}`);
  }
  assert.deepEqual(problems, { "C-Views without their mammogram, left out": 1 });
});
