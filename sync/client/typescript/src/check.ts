import { parseDay, parseMoment } from "./calendar.js";
import { checkCharacters } from "./characters.js";
import { checkCredit, checkIDNumber } from "./codes.js";
import { Flaw, join, wrong } from "./flaw.js";
import { fenOf } from "./money.js";
import { checkSpan } from "./period.js";
import { blank, Body, empty, holds, isBody, length, own, sortedKeys, text } from "./read.js";
import { checkAnswers, checkParts, checkParty, checkPlace } from "./parts.js";
import { checkPictures } from "./pictures.js";
import { checkRows } from "./rows.js";
import { checkSignatures } from "./signature.js";
import { Field, Paper, Template } from "./template.js";

const longest = 20_000; // characters of a text whose template names no limit
export const mostFlaws = 100; // that are told of one paper

/**
 * What is wrong with a paper by its template, field by field: what is missing, has the wrong form, is too long, what the template does not know, and
 * whose signature is missing. A paper without flaws can be handed over. The server says the same in the same words.
 */
export function check(t: Template, paper: Paper): Flaw[] {
  const flaws: Flaw[] = [];
  for (const f of t.fields) {
    const path = "data/" + f.id;
    const value = own(paper.data, f.id);
    if (empty(value) && required(f, paper.data)) {
      flaws.push({ path, zh: `“${f.label.zh}”未填写`, en: "missing: " + f.label.en });
    } else if (value !== undefined && value !== null) {
      const found = f.kind === "period" ? checkSpan(f, paper.data) : checkValue(f, value);
      for (const why of found) flaws.push({ path: join(path, why.path), zh: `“${f.label.zh}”${why.zh}`, en: `${f.label.en}: ${why.en}` });
    }
  }
  for (const id of sortedKeys(paper.data)) {
    if (!t.fields.some((f) => f.id === id)) flaws.push({ path: "data/" + id, zh: "文书模板中没有这一项", en: "the template has no such field" });
  }
  flaws.push(...checkSignatures(t, paper));
  return flaws.slice(0, mostFlaws);
}

/** Whether a field must have a value in the given data. */
export function required(f: Field, data: Body): boolean {
  return f.required || (Object.keys(f.requiredWhen).length > 0 && holds(f.requiredWhen, data));
}

/** What is wrong with one value; paths are relative to it. */
export function checkValue(f: Field, value: unknown): Flaw[] {
  switch (f.kind) {
    case "money":
      if (typeof value !== "number" || fenOf(value) === undefined) {
        return wrong("应为金额，单位元，最多两位小数", "want a number of yuan with at most two decimals");
      }
      return [];
    case "number":
      if (typeof value !== "number") return wrong("应为数字", "want a number");
      return plain(value) ? [] : wrong("应为绝对值不超过一万亿、至多六位小数的数字", "want a number within a million million, with at most six decimals");
    case "place": case "party": case "provision": case "checklist": case "qa": case "list": case "documentRef": case "pictures":
      return isBody(value) ? checkObject(f, value) : wrong("格式不正确", "want an object");
  }
  if (typeof value !== "string") return wrong("应为文字", "want a text");
  switch (f.kind) {
    case "date":
      return parseDay(value) === undefined ? wrong("日期格式应为YYYY-MM-DD", "want a date YYYY-MM-DD") : [];
    case "time":
      return parseMoment(value) === undefined ? wrong("时间格式不正确", "want an RFC 3339 time") : [];
    case "enum":
      return f.options.some((o) => o.value === value) ? [] : wrong("不在可选范围内", "not one of the options");
    case "credit":
      return checkCredit(value);
    case "idNumber":
      return checkIDNumber(value);
  }
  return checkText(f, value);
}

/** Whether a number can be read on a page, and is written alike by every client. */
export function plain(n: number): boolean {
  return Math.abs(n) <= 1e12 && /^-?\d+(\.\d{1,6})?$/.test(String(n));
}

function checkText(f: Field, s: string): Flaw[] {
  const limit = f.maxLength || longest;
  const n = length(s);
  if (n > limit) return wrong(`共${n}字，超过${limit}字`, `${n} characters, at most ${limit}`);
  if (f.kind === "text" && /[\n\r]/.test(s)) return wrong("不能换行", "must be one line");
  return checkCharacters(s);
}

/** What is inside a value that is an object. */
function checkObject(f: Field, o: Body): Flaw[] {
  switch (f.kind) {
    case "checklist": return checkAnswers(o);
    case "qa": case "list": return checkRows(f, o);
    case "pictures": return [...checkRows(f, o), ...checkPictures(o)];
    case "documentRef": return checkReference(o);
    case "party": return checkParty(o);
    case "place": return checkPlace(o);
  }
  return checkParts(f.kind, o);
}

export const recordID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Another paper, by its record and by what is printed of it. */
function checkReference(o: Body): Flaw[] {
  const flaws: Flaw[] = [];
  if (!recordID.test(text(o, "document"))) flaws.push({ path: "document", zh: "未指明所引文书", en: "document is the id of the paper's record" });
  if (blank(text(o, "name"))) flaws.push({ path: "name", zh: "缺少所引文书的名称", en: "lacks the name of the paper" });
  for (const [key, zh] of [["name", "名称"], ["number", "文号"]] as const) {
    if (!Object.hasOwn(o, key)) continue;
    const value = o[key];
    const found = typeof value === "string" ? checkText({ kind: "text", maxLength: 100 } as Field, value) : wrong("应为文字", "want a text");
    for (const why of found) flaws.push({ path: key, zh: `所引文书的${zh}${why.zh}`, en: `${key}: ${why.en}` });
  }
  return flaws;
}
