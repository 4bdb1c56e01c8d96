// Bodies are read without complaint: what has the wrong form is absent. What is wrong is told by check().

export type Body = { [key: string]: unknown };

export function isBody(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function object(body: Body | undefined, key: string): Body | undefined {
  const value = own(body, key);
  return isBody(value) ? value : undefined;
}

export function text(body: Body | undefined, key: string): string {
  const value = own(body, key);
  return typeof value === "string" ? value : "";
}

export function amount(body: Body | undefined, key: string): number {
  const value = own(body, key);
  return typeof value === "number" ? value : 0;
}

/** A small number that counts something: what is not one is 0. */
export function whole(body: Body | undefined, key: string): number {
  const n = amount(body, key);
  return Number.isInteger(n) && Math.abs(n) <= 1e6 ? n : 0;
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((v): v is string => typeof v === "string") : [];
}

/** A key of the body itself: "constructor" is no field of a paper. */
export function own(body: Body | undefined, key: string): unknown {
  return body !== undefined && Object.hasOwn(body, key) ? body[key] : undefined;
}

/** Text for people. */
export type Text = { zh: string; en: string };

/** A text in both languages, or in Chinese alone, which then stands for both. */
export function words(body: Body, key: string): Text {
  const both = object(body, key);
  const zh = both ? text(both, "zh") : text(body, key);
  return { zh, en: text(both, "en") || zh };
}

/** Entries of a set by their "order", then by key: a body holds no arrays of objects. */
export function ordered(set: Body | undefined): { id: string; body: Body }[] {
  const out: { id: string; body: Body }[] = [];
  for (const id of sortedKeys(set)) {
    const body = set?.[id];
    if (isBody(body)) out.push({ id, body });
  }
  return out.sort((a, b) => amount(a.body, "order") - amount(b.body, "order")); // stable
}

/** Keys in the order of their code points, as every other client has them. */
export function sortedKeys(set: Body | undefined): string[] {
  return Object.keys(set ?? {}).sort(byCodePoints);
}

export function byCodePoints(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export function length(s: string): number {
  return [...s].length;
}

const edges = /^\p{White_Space}+|\p{White_Space}+$/gu;

export function blank(s: string): boolean {
  return s.replace(edges, "") === "";
}

export function empty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === "string") return blank(value);
  return isBody(value) && Object.keys(value).length === 0;
}

/** Says when something applies: every named field has one of the values, is filled in (true) or left empty (false). The empty one always holds. */
export type Condition = { [path: string]: string[] | boolean };

export function condition(body: Body, key: string): Condition {
  const out: Condition = {};
  for (const [path, wanted] of Object.entries(object(body, key) ?? {})) out[path] = typeof wanted === "boolean" ? wanted : texts(wanted);
  return out;
}

/** Of a party one part is looked at: "party.kind". */
export function holds(c: Condition, data: Body | undefined): boolean {
  return Object.entries(c).every(([path, wanted]) => {
    const dot = path.indexOf(".");
    const [inside, key] = dot < 0 ? [data, path] : [object(data, path.slice(0, dot)), path.slice(dot + 1)];
    return typeof wanted === "boolean" ? empty(own(inside, key)) !== wanted : wanted.includes(text(inside, key));
  });
}
