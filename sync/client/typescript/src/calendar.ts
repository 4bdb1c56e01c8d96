// Days, and which of them people work on. A day is a whole number of days since 1970-01-01; no zone and no clock is in it.

export type Day = number;

const msOfDay = 86_400_000;
const beijing = 8 * 3_600_000; // Chinese law knows one zone, and it has had no summer time since 1992

/** Reads YYYY-MM-DD; undefined for what is no day. */
export function parseDay(s: string): Day | undefined {
  const m = /^(\d{4})-(\d{2})-(\d{2})$/.exec(s);
  if (!m) return undefined;
  const day = dayOf(Number(m[1]), Number(m[2]), Number(m[3]));
  return formatDay(day) === s ? day : undefined;
}

/** The day of a date, where the month may run over into other years. */
export function dayOf(year: number, month: number, date: number): Day {
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, date);
  return at.getTime() / msOfDay;
}

export function parts(day: Day): { year: number; month: number; date: number } {
  const at = new Date(day * msOfDay);
  return { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, date: at.getUTCDate() };
}

export function formatDay(day: Day): string {
  const { year, month, date } = parts(day);
  const pad = (n: number, width: number) => String(n).padStart(width, "0");
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(date, 2)}`;
}

/** As papers write it: Arabic figures without leading zeros. */
export function writtenDay(day: Day): string {
  const { year, month, date } = parts(day);
  return `${year}年${month}月${date}日`;
}

const moment = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)([.,]\d+)?(Z|[+-](?:[01]\d|2[0-4]):[0-5]\d)$/;

/** Milliseconds since 1970 of an RFC 3339 time; undefined for what is none. */
export function parseMoment(s: string): number | undefined {
  const m = moment.exec(s);
  const day = m ? parseDay(m[1]!) : undefined;
  if (!m || day === undefined) return undefined;
  const fraction = Math.trunc(Number("0." + (m[5] ?? ".0").slice(1)) * 1000);
  const zone = m[6]!;
  const offset = zone === "Z" ? 0 : (zone[0] === "-" ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6)));
  return day * msOfDay + ((Number(m[2]) * 60 + Number(m[3]) - offset) * 60 + Number(m[4])) * 1000 + fraction;
}

/** The day of a date, or of a moment in Beijing. */
export function dayIn(s: string): Day | undefined {
  const day = parseDay(s);
  if (day !== undefined) return day;
  const at = parseMoment(s);
  return at === undefined ? undefined : Math.floor((at + beijing) / msOfDay);
}

/** The wall clock in Beijing of a moment. */
export function clockIn(at: number): { hour: number; minute: number; day: Day } {
  const local = at + beijing;
  const minutes = Math.floor((((local % msOfDay) + msOfDay) % msOfDay) / 60_000);
  return { day: Math.floor(local / msOfDay), hour: Math.floor(minutes / 60), minute: minutes % 60 };
}

/** Thrown where a year's notice on days off is missing: nobody guesses working days. */
export class CalendarMissing extends Error {
  readonly zh: string;

  constructor(readonly year: number) {
    super(`the calendar of that year has not been imported, so working days cannot be counted; import it first: no calendar of ${year}`);
    this.zh = `该年度放假安排日历未导入，不能推算工作日，请先导入：${year} 日历未导入`;
  }
}

/** Working days by the notices of the State Council: the records of the collection calendars. */
export class Calendar {
  private readonly years = new Set<number>();
  private readonly days = new Map<Day, boolean>();

  /** Takes in the texts of notices; a later one wins. Throws at a line that is none. */
  constructor(notices: string[]) {
    for (const notice of notices) {
      notice.split("\n").forEach((line, i) => {
        if (!this.line(line.trim().split(/\s+/))) throw new Error(`line ${i + 1}: ${line}`);
      });
    }
  }

  private line(words: string[]): boolean {
    const [what, first, second] = words;
    if (!what || what.startsWith("#")) return true;
    if (what === "year" && words.length === 2 && /^\d+$/.test(first!)) {
      this.years.add(Number(first));
      return true;
    }
    const from = parseDay(first ?? "");
    const to = what === "off" ? parseDay(second ?? "") : from;
    if (from === undefined || to === undefined || to < from || to - from > 31) return false;
    if (words.length !== (what === "off" ? 4 : what === "work" ? 3 : -1)) return false;
    for (let day = from; day <= to; day++) this.days.set(day, what === "work");
    return true;
  }

  working(day: Day): boolean {
    const { year } = parts(day);
    if (!this.years.has(year)) throw new CalendarMissing(year);
    const weekday = (((day + 4) % 7) + 7) % 7; // 1970-01-01 was a Thursday
    return this.days.get(day) ?? (weekday !== 0 && weekday !== 6);
  }
}

export type Unit = "days" | "workingDays" | "months";

/** The last day of a period. The day it begins is not counted (民事诉讼法第八十五条); roll moves a last day that is a day off to the next working day. */
export function due(first: Day, n: number, unit: Unit, roll: boolean, calendar: Calendar): Day {
  let day = first;
  if (unit === "workingDays") {
    while (n > 0) {
      day++;
      if (calendar.working(day)) n--;
    }
    return day;
  }
  day = unit === "months" ? addMonths(first, n) : first + n;
  while (roll && !calendar.working(day)) day++;
  return day;
}

/** The same date n months on, or the last day of a month that has none (民法典第二百零二条). */
export function addMonths(first: Day, n: number): Day {
  const { year, month, date } = parts(first);
  const begin = dayOf(year, month + n, 1);
  const last = dayOf(year, month + n + 1, 1) - begin;
  return begin + Math.min(date, last) - 1;
}
