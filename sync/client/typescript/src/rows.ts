import { checkValue, mostFlaws } from "./check.js";
import { Flaw, join, wrong } from "./flaw.js";
import { Body, empty, isBody, length, own, sortedKeys } from "./read.js";
import { pictureColumns, usualPictures } from "./pictures.js";
import { Field, FieldKind } from "./template.js";

const usualRows = 200; // where the template says nothing
const mostSet = 100_000; // characters of all texts together
const longestRow = 1_000; // characters of a text in a list, where its column says nothing
const rowID = /^[A-Za-z0-9_-]{1,64}$/;

export function column(id: string, zh: string, en: string, maxLength: number, kind: FieldKind = "longtext"): Field {
  return { id, label: { zh, en }, kind, required: true, requiredWhen: {}, maxLength, options: [], columns: [], maxRows: 0, from: "", roll: false, drawn: false };
}

/** What a row of the field's value holds. */
function columns(f: Field): Field[] {
  if (f.kind === "list") return f.columns;
  if (f.kind === "pictures") return pictureColumns(f);
  return [column("question", "问题", "question", 2_000), column("answer", "回答", "answer", f.maxLength || 5_000)];
}

/** Questions with answers, the rows of a list, or pictures: how many, how much text, and each cell by its column. */
export function checkRows(f: Field, set: Body): Flaw[] {
  const most = f.maxRows || (f.kind === "pictures" ? usualPictures : usualRows);
  const ids = sortedKeys(set);
  if (ids.length > most) return wrong(`共${ids.length}行，超过${most}行`, `${ids.length} rows, at most ${most}`);
  const flaws: Flaw[] = [];
  let total = 0;
  for (const id of ids) {
    const row = set[id];
    if (!rowID.test(id)) {
      return [...flaws, ...wrong("有一行的键不能用（应为1至64个字母、数字、“-”或者“_”）", "the key of a row cannot be used: want 1 to 64 letters, digits, - or _")];
    }
    if (!isBody(row)) return [...flaws, { path: id, zh: "中这一行格式不正确", en: "this row is no object" }];
    for (const c of columns(f)) {
      const value = own(row, c.id);
      if (typeof value === "string") total += length(value);
    }
    flaws.push(...checkRow(columns(f), row).map((why) => ({ ...why, path: join(id, why.path) })));
    if (flaws.length > mostFlaws) break;
  }
  if (total > mostSet) flaws.push(...wrong(`文字总数超过${mostSet}字`, `more than ${mostSet} characters in all`));
  return flaws;
}

function checkRow(columns: Field[], row: Body): Flaw[] {
  const flaws: Flaw[] = [];
  for (const c of columns) {
    const value = own(row, c.id);
    if (empty(value) && c.required) {
      flaws.push({ path: c.id, zh: `中“${c.label.zh}”未填写`, en: "missing: " + c.label.en });
    } else if (value !== undefined && value !== null && value !== "") {
      for (const why of checkValue({ ...c, maxLength: c.maxLength || longestRow }, value)) {
        flaws.push({ path: join(c.id, why.path), zh: `中“${c.label.zh}”${why.zh}`, en: `${c.label.en}: ${why.en}` });
      }
    }
  }
  for (const key of sortedKeys(row)) {
    if (key === "order") {
      if (typeof row[key] !== "number") flaws.push({ path: "order", zh: "中序号应为数字", en: "order: want a number" });
    } else if (!columns.some((c) => c.id === key)) {
      return [...flaws, { path: key, zh: "中没有这一列", en: "there is no such column" }];
    }
  }
  return flaws;
}
