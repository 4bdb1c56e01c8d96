import { checkCharacters } from "./characters.js";
import { checkCredit, checkIDNumber } from "./codes.js";
import { Flaw, wrong } from "./flaw.js";
import { Body, empty, isBody, length, own, sortedKeys, text } from "./read.js";

/** One member of a value that is an object. With "within" it is a number so far either side of 0 at most, else a text. */
type Part = { key: string; zh: string; must?: boolean; most?: number; within?: number; oneOf?: string[]; manyLine?: boolean };

const datums = ["CGCS2000", "WGS-84", "GCJ-02", "BD-09"];
const longestLine = 200; // characters
const mostRows = 500; // of a checklist

const parts: { [kind: string]: Part[] } = {
  party: [
    { key: "kind", zh: "当事人类型", must: true, oneOf: ["citizen", "household", "enterprise"] }, { key: "name", zh: "姓名或者名称", must: true, most: longestLine },
    { key: "uscc", zh: "统一社会信用代码", most: 18 }, { key: "representative", zh: "负责人或者经营者", most: longestLine }, { key: "sex", zh: "性别", most: 10 },
    { key: "birth", zh: "出生日期", most: 20 }, { key: "idType", zh: "证件类型", most: 40 }, { key: "idNumber", zh: "证件号码", most: 40 },
    { key: "employer", zh: "工作单位", most: longestLine }, { key: "address", zh: "住址", most: 300 }, { key: "phone", zh: "联系电话", most: 60 },
  ],
  place: [
    { key: "address", zh: "地址", must: true, most: 300 }, { key: "longitude", zh: "经度", within: 180 }, { key: "latitude", zh: "纬度", within: 90 },
    { key: "datum", zh: "坐标系", oneOf: datums },
  ],
  provision: [
    { key: "law", zh: "法律名称", must: true, most: longestLine }, { key: "article", zh: "条款", must: true, most: longestLine },
    { key: "text", zh: "条文", most: 2_000, manyLine: true },
  ],
  checklist: [
    { key: "text", zh: "检查内容", must: true, most: 1_000, manyLine: true }, { key: "value", zh: "检查结果", must: true, most: longestLine },
    { key: "note", zh: "备注", most: 1_000, manyLine: true },
  ],
};

/** The members of a value: those that must be there, their form and length, and that there are no others. */
export function checkParts(kind: string, o: Body, ...others: string[]): Flaw[] {
  const known = parts[kind] ?? [];
  const flaws = known.flatMap((p) => checkPart(p, own(o, p.key)).map((why) => ({ path: p.key, zh: why.zh, en: `${p.key}: ${why.en}` })));
  for (const key of sortedKeys(o)) {
    if (!others.includes(key) && !known.some((p) => p.key === key)) flaws.push({ path: key, zh: "中没有这一部分", en: "there is no such part" });
  }
  return flaws;
}

function checkPart(p: Part, value: unknown): Flaw[] {
  if (empty(value)) return p.must ? wrong("缺少" + p.zh, "is missing") : [];
  if (p.within !== undefined) {
    if (typeof value === "number" && Math.abs(value) <= p.within) return [];
    return wrong(`中${p.zh}应为${-p.within}至${p.within}的数字`, `want a number from ${-p.within} to ${p.within}`);
  }
  if (typeof value !== "string") return wrong(`中${p.zh}应为文字`, "want a text");
  if (p.oneOf) return p.oneOf.includes(value) ? [] : wrong(`中${p.zh}应为${p.oneOf.join("、")}之一`, "want one of " + p.oneOf.join(", "));
  const n = length(value);
  const most = p.most ?? longestLine;
  if (n > most) return wrong(`中${p.zh}共${n}字，超过${most}字`, `${n} characters, at most ${most}`);
  if (!p.manyLine && /[\n\r]/.test(value)) return wrong(`中${p.zh}不能换行`, "must be one line");
  return checkCharacters(value).map((why) => ({ ...why, zh: "中" + p.zh + why.zh }));
}

/** A party: its parts, and the check digits of its codes. */
export function checkParty(o: Body): Flaw[] {
  const flaws = checkParts("party", o);
  const code = (key: string, zh: string, check: (s: string) => Flaw[]) => {
    const s = text(o, key);
    if (s === "" || flaws.some((f) => f.path === key)) return;
    for (const why of check(s)) flaws.push({ path: key, zh: "中" + zh + why.zh, en: `${key}: ${why.en}` });
  };
  code("uscc", "统一社会信用代码", checkCredit);
  if (["", "居民身份证"].includes(text(o, "idType"))) code("idNumber", "身份证号码", checkIDNumber);
  return flaws;
}

/** A place: coordinates come in pairs, with their datum. */
export function checkPlace(o: Body): Flaw[] {
  const flaws = checkParts("place", o);
  const east = typeof own(o, "longitude") === "number";
  if (east !== (typeof own(o, "latitude") === "number")) {
    flaws.push({ path: "longitude", zh: "中经度和纬度应同时填写", en: "longitude: goes with latitude" });
  } else if (east && text(o, "datum") === "") {
    flaws.push({ path: "datum", zh: `中有经纬度时应注明坐标系（${datums.join("、")}）`, en: "datum: coordinates need one of " + datums.join(", ") });
  }
  return flaws;
}

/** The lines of a checklist. */
export function checkAnswers(answers: Body): Flaw[] {
  const ids = sortedKeys(answers);
  if (ids.length > mostRows) return wrong(`共${ids.length}行，超过${mostRows}行`, `${ids.length} rows, at most ${mostRows}`);
  const flaws: Flaw[] = [];
  for (const id of ids) {
    const a = answers[id];
    if (!isBody(a)) {
      flaws.push({ path: id, zh: "中有一行格式不正确", en: "a row is no object" });
      continue;
    }
    flaws.push(...checkParts("checklist", a, "order").map((why) => ({ ...why, path: id + "/" + why.path })));
    if (flaws.length > 100) break;
  }
  return flaws;
}

/** Where a place is: （东经117.247900°，北纬39.130000°，WGS-84）; "" without coordinates. */
export function coordinates(o: Body | undefined): string {
  const east = own(o, "longitude");
  const north = own(o, "latitude");
  if (typeof east !== "number" || typeof north !== "number") return "";
  const datum = text(o, "datum");
  return `（${degrees("东经", "西经", east)}，${degrees("北纬", "南纬", north)}${datum === "" ? "" : "，" + datum}）`;
}

function degrees(positive: string, negative: string, angle: number): string {
  return `${angle < 0 ? negative : positive}${(Math.floor(Math.abs(angle) * 1e6 + 0.5) / 1e6).toFixed(6)}°`;
}
