import { clockIn, Day, formatDay, parseDay, parseMoment, writtenDay } from "./calendar.js";
import { plain } from "./check.js";
import { capitals, fenOf, figures } from "./money.js";
import { span, spanText } from "./period.js";
import { coordinates } from "./parts.js";
import { Body, object, own, text } from "./read.js";
import { Field, Paper, Template } from "./template.js";

/** A row of GET /v1/schemas/remedies; "to" is empty until further notice. */
export type Remedy = { kind: string; from: string; to: string; text: string };

/** What a paper's texts can name besides its data. */
export type Around = { organ: string; remedies: Remedy[] };

/** What a paper of a kind says of remedies on a day; without one, or on a day before the table, what is in force until further notice. */
export function remedyOn(rows: Remedy[], kind: string, day?: Day): Remedy | undefined {
  const own = rows.filter((r) => r.kind === kind);
  const all = own.length > 0 ? own : rows.filter((r) => r.kind === "*");
  const on = day === undefined ? undefined : formatDay(day);
  return all.find((r) => on !== undefined && r.from <= on && (r.to === "" || on <= r.to)) ?? all.find((r) => r.to === "");
}

const partyKeys = ["kind", "name", "uscc", "representative", "sex", "birth", "idType", "idNumber", "employer", "address", "phone"];

/** Fills the tokens of a text: {field}, {field|form}, {party.name}, {term.court}, {organ}, {name}, {number}, {issuedAt}, {officers}, {remedies}. */
export function expand(t: Template, paper: Paper, around: Around, s: string): string {
  return s.replace(/\{([^}]*)\}/g, (_, token: string) => tokenOf(t, paper, around, token)).replace(/\{[^}]*$/, "");
}

function tokenOf(t: Template, paper: Paper, around: Around, token: string): string {
  const bar = token.indexOf("|");
  const name = bar < 0 ? token : token.slice(0, bar);
  const form = bar < 0 ? "" : token.slice(bar + 1);
  switch (name) {
    case "organ": return around.organ;
    case "name": return t.name;
    case "number": return text(object(paper.body, "number"), "text");
    case "issuedAt": return dayText(issuedOn(paper));
    case "officers": return officers(paper);
    case "remedies": {
      const row = remedyOn(around.remedies, t.kind, issuedOn(paper));
      return row ? expand(t, paper, around, row.text) : "";
    }
  }
  const dot = name.indexOf(".");
  if (dot >= 0) {
    const inner = name.slice(dot + 1);
    const outer = name.slice(0, dot);
    if (outer === "term") return Object.hasOwn(t.terms, inner) ? t.terms[inner]! : "";
    const party = t.fields.find((f) => f.id === outer && f.kind === "party");
    return party && partyKeys.includes(inner) ? text(object(paper.data, outer), inner) : "";
  }
  const f = t.fields.find((f) => f.id === name);
  return f ? valueText(f, paper.data, form) : "";
}

function issuedOn(paper: Paper): Day | undefined {
  const at = parseMoment(text(paper.body, "issuedAt"));
  return at === undefined ? undefined : clockIn(at).day;
}

function officers(paper: Paper): string {
  const all = object(paper.body, "officers") ?? {};
  return Object.keys(all).sort().flatMap((id) => {
    const o = object(all, id);
    if (text(o, "role") === "auxiliary") return [];
    const certificate = text(o, "certificate");
    return [text(o, "name") + (certificate ? `（执法证号${certificate}）` : "")];
  }).join("、");
}

function dayText(day: Day | undefined): string {
  return day === undefined ? "" : writtenDay(day);
}

/** The text of a field's value as papers write it; "" when it has none, or no such form. */
export function valueText(f: Field, data: Body, form = ""): string {
  const value = own(data, f.id);
  if (f.kind === "money") return moneyText(value, form);
  if (f.kind === "period") return ["", "length", "last"].includes(form) ? spanText(span(f, data), form) : "";
  if (f.kind === "time") return timeText(text(data, f.id), form);
  if (f.kind === "place" && form === "coordinates") return coordinates(object(data, f.id));
  if (form !== "") return "";
  switch (f.kind) {
    case "date": return dayText(parseDay(text(data, f.id)));
    case "number": return typeof value === "number" && plain(value) ? String(value) : "";
    case "place": return text(object(data, f.id), "address");
    case "party": return text(object(data, f.id), "name");
    case "provision": return provision(object(data, f.id));
    case "enum": return f.options.find((o) => o.value === value)?.label.zh ?? "";
    case "documentRef": return reference(object(data, f.id));
    case "qa": case "list": case "checklist": case "pictures": return "";
  }
  return text(data, f.id);
}

function moneyText(value: unknown, form: string): string {
  const fen = typeof value === "number" ? fenOf(value) : undefined;
  if (fen === undefined) return "";
  switch (form) {
    case "capitals": return capitals(fen);
    case "figures": return figures(fen);
    case "": return figures(fen) + "元";
  }
  return "";
}

function timeText(s: string, form: string): string {
  const at = parseMoment(s);
  if (at === undefined || (form !== "" && form !== "date")) return "";
  const { day, hour, minute } = clockIn(at);
  return writtenDay(day) + (form === "date" ? "" : `${hour}时${String(minute).padStart(2, "0")}分`);
}

function quoted(name: string): string {
  return name.startsWith("《") ? name : `《${name}》`;
}

function provision(p: Body | undefined): string {
  const law = text(p, "law");
  return law === "" ? "" : quoted(law) + text(p, "article");
}

function reference(o: Body | undefined): string {
  const name = text(o, "name");
  const number = text(o, "number");
  if (name === "") return number;
  return quoted(name) + (number === "" ? "" : `（${number}）`);
}
