import { recordID } from "./check.js";
import { Flaw, wrong } from "./flaw.js";
import { Body, object, own, sortedKeys, text } from "./read.js";
import { column } from "./rows.js";
import { Field } from "./template.js";

export const usualPictures = 20; // where the template says nothing
const maxPicture = 16 << 20; // octets of one
const maxPictures = 48 << 20; // octets of all

/** What a row of pictures holds: which evidence, and what is printed beside it. */
export function pictureColumns(f: Field): Field[] {
  const made = f.drawn ? "绘制" : "拍摄";
  return [
    column("evidence", "证据记录", "record of the evidence", 36, "text"), column("sha256", "摘要", "digest", 64, "text"),
    column("length", "长度", "length", 0, "number"), column("caption", "说明", "caption", 200, "text"),
    column("at", made + "时间", "when it was made", 0, "time"), column("place", made + "地点", "where it was made", 100, "text"),
    column("by", made + "人", "who made it", 50, "text"),
  ];
}

/** That a record and octets are named, and that a page can hold them. */
export function checkPictures(set: Body): Flaw[] {
  const flaws: Flaw[] = [];
  let total = 0;
  for (const id of sortedKeys(set)) {
    const row = object(set, id);
    const evidence = text(row, "evidence");
    const sha256 = text(row, "sha256");
    const length = own(row, "length");
    if (evidence !== "" && !recordID.test(evidence)) flaws.push({ path: id + "/evidence", zh: "中“证据记录”不是记录标识", en: "evidence is the id of a record" });
    if (sha256 !== "" && !/^[0-9a-f]{64}$/.test(sha256)) {
      flaws.push({ path: id + "/sha256", zh: "中“摘要”应为64位小写十六进制", en: "sha256 is 64 lower-case hexadecimal digits" });
    }
    if (typeof length !== "number") continue;
    total += length;
    if (length < 1 || !Number.isInteger(length) || length > maxPicture) {
      flaws.push({ path: id + "/length", zh: `中“长度”应为1至${maxPicture}的整数`, en: `length is a whole number from 1 to ${maxPicture}` });
    }
  }
  if (total > maxPictures) flaws.push(...wrong(`总长度超过${maxPictures}`, `more than ${maxPictures} octets in all`));
  return flaws;
}
