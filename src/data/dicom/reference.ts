// What a report about a DICOM image repeats of it: who and which study it belongs to, and how it is referred to.
import { type DataSet, data } from "dcmjs";
import { isDicom } from "./dicom.ts";
import { firstValue } from "./header.ts";

export interface DicomReference {
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly series: string;
  readonly study: string;
  /** The attributes of patient and study, as elements. */
  readonly examination: DataSet;
}

/** Patient and general study modules: those whose values every object of a study shares. */
const shared = [
  "00080020", // StudyDate
  "00080030", // StudyTime
  "00080050", // AccessionNumber
  "00080090", // ReferringPhysicianName
  "00100010", // PatientName
  "00100020", // PatientID
  "00100030", // PatientBirthDate
  "00100040", // PatientSex
  "0020000D", // StudyInstanceUID
  "00200010", // StudyID
];

/** Undefined when the file is no DICOM, or does not say which image of which study it is. */
export function dicomReference(bytes: Uint8Array): DicomReference | undefined {
  if (!isDicom(bytes)) return undefined;
  const { dict } = data.DicomMessage.readFile(bytes.slice().buffer, { ignoreErrors: true });
  const of = (tag: string) => String(firstValue(dict, tag) ?? "");
  const [sopClass, sopInstance, series, study] = ["00080016", "00080018", "0020000E", "0020000D"].map(of);
  if (!sopClass || !sopInstance || !series || !study) return undefined;
  const known = shared.filter((tag) => dict[tag]).map((tag) => [tag, dict[tag]]);
  return { sopClass, sopInstance, series, study, examination: Object.fromEntries(known) };
}
