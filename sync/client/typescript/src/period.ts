import { addMonths, Calendar, CalendarMissing, Day, dayIn, due, formatDay, Unit, writtenDay } from "./calendar.js";
import { Flaw } from "./flaw.js";
import { Body, isBody, object, text, whole } from "./read.js";
import { Field, Paper, Template } from "./template.js";

const unitWords: { [unit: string]: string } = { days: "日", workingDays: "个工作日", months: "个月" };
const mostPeriod = 10_000;
const longestRest = 15; // days off that may follow each other, with room

export type Span = { n: number; unit: string; first?: Day; last?: Day };

/** Reads a period of a paper's data: {n, unit, last}, begun by the field that the template names. */
export function span(f: Field, data: Body): Span {
  const value = object(data, f.id);
  return { n: whole(value, "n"), unit: text(value, "unit"), first: dayIn(text(data, f.from)), last: dayIn(text(value, "last")) };
}

function isUnit(unit: string): unit is Unit {
  return Object.hasOwn(unitWords, unit);
}

/** What can be checked without a calendar; paths are relative to the field. */
export function checkSpan(f: Field, data: Body): Flaw[] {
  const value = data[f.id];
  if (!isBody(value)) return [{ path: "", zh: "格式不正确", en: "want an object" }];
  const s = span(f, data);
  if (s.n < 1 || s.n > mostPeriod) {
    return [{ path: "n", zh: `的数量应为1至${mostPeriod}的整数`, en: `n is a whole number from 1 to ${mostPeriod}` }];
  }
  if (!isUnit(s.unit)) return [{ path: "unit", zh: "的单位应为日、工作日或者月", en: "the unit is days, workingDays or months" }];
  if (s.first === undefined) return [{ path: "", zh: "的起算日期未填写", en: "the day it begins is missing: " + f.from }];
  if (s.last === undefined || formatDay(s.last) !== text(value, "last")) {
    return [{ path: "last", zh: "的截止日期格式应为YYYY-MM-DD", en: "last is a date YYYY-MM-DD" }];
  }
  const [earliest, latest] = bounds(f, s.first, s.n, s.unit);
  if (s.last < earliest || s.last > latest) {
    return [{ path: "last", zh: "的截止日期与期限不符", en: "last cannot be the last day of this period" }];
  }
  return [];
}

/** The days between which the last day lies, whatever the calendar says. */
function bounds(f: Field, first: Day, n: number, unit: Unit): [Day, Day] {
  if (unit === "workingDays") return [first + n, first + 3 * n + longestRest];
  const earliest = unit === "months" ? addMonths(first, n) : first + n;
  return [earliest, f.roll ? earliest + longestRest : earliest];
}

/** The periods of a paper whose last day is not what the calendar says. check() has no calendar. */
export function checkPeriods(t: Template, paper: Paper, calendar: Calendar): Flaw[] {
  const flaws: Flaw[] = [];
  for (const f of t.fields) {
    if (f.kind !== "period" || paper.data[f.id] == null || checkSpan(f, paper.data).length > 0) continue;
    const s = span(f, paper.data);
    const path = `data/${f.id}/last`;
    try {
      const last = due(s.first!, s.n, s.unit as Unit, f.roll, calendar);
      if (last !== s.last) {
        flaws.push({ path, zh: `“${f.label.zh}”的截止日期应为${writtenDay(last)}`, en: `${f.label.en}: the last day is ${formatDay(last)}` });
      }
    } catch (e) {
      if (!(e instanceof CalendarMissing)) throw e;
      flaws.push({ path, zh: `“${f.label.zh}”的截止日期无法核对：${e.zh}`, en: `${f.label.en}: the last day cannot be checked: ${e.message}` });
    }
  }
  return flaws;
}

/** As papers write it: 自2026年11月25日起15日，至2026年12月10日止. Forms: length, last, or the whole. */
export function spanText(s: Span, form: string): string {
  if (s.n < 1 || !isUnit(s.unit)) return "";
  const length = `${s.n}${unitWords[s.unit]}`;
  if (form === "length") return length;
  if (form === "last") return s.last === undefined ? "" : writtenDay(s.last);
  if (s.first === undefined || s.last === undefined) return length;
  return `自${writtenDay(s.first)}起${length}，至${writtenDay(s.last)}止`;
}
