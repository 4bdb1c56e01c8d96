import { parseMoment } from "./calendar.js";
import { Body, byCodePoints, Condition, condition, object, ordered, sortedKeys, Text, text, texts, whole, words } from "./read.js";

export type FieldKind =
  | "text" | "longtext" | "money" | "number" | "date" | "time" | "place" | "party" | "provision" | "enum" | "checklist"
  | "qa" | "list" | "period" | "documentRef" | "credit" | "idNumber" | "pictures";

/** One thing that is entered. */
export type Field = {
  id: string;
  label: Text;
  kind: FieldKind;
  required: boolean;
  requiredWhen: Condition;
  maxLength: number; // characters; 0: the kind's own limit
  options: { value: string; label: Text }[];
  columns: Field[];
  maxRows: number;
  from: string;
  roll: boolean;
  drawn: boolean; // of pictures: they are drawings and no photographs
};

/** A place for signatures: fields are those that are filled in with the signature and not before it. */
export type Signer = { id: string; role: string; label: Text; count: number; when: Condition; fields: string[] };

/** A kind of paper as data, as far as a handheld checks and previews one: see template.schema.json for all of it. */
export type Template = {
  kind: string;
  name: string;
  version: number;
  validFrom: string;
  fields: Field[];
  signers: Signer[];
  terms: { [name: string]: string };
  numbered: boolean;
};

/** Reads the body of a record of the collection templates. */
export function readTemplate(body: Body): Template {
  const terms: { [name: string]: string } = {};
  const given = object(body, "terms");
  for (const name of sortedKeys(given)) terms[name] = text(given, name);
  return {
    kind: text(body, "kind"),
    name: text(body, "name"),
    version: whole(body, "version"),
    validFrom: text(body, "validFrom"),
    fields: ordered(object(body, "fields")).map((e) => readField(e.id, e.body)),
    signers: ordered(object(body, "signers")).map((e) => ({
      id: e.id, role: text(e.body, "role"), label: words(e.body, "label"), count: whole(e.body, "count"),
      when: condition(e.body, "when"), fields: texts(e.body["fields"]),
    })),
    terms,
    numbered: object(body, "number") !== undefined,
  };
}

function readField(id: string, body: Body): Field {
  const kind = text(body, "kind") as FieldKind;
  return {
    id, kind,
    label: words(body, "label"),
    required: body["required"] === true,
    requiredWhen: condition(body, "requiredWhen"),
    maxLength: whole(body, "maxLength"),
    options: ordered(object(body, "options")).map((o) => ({ value: o.id, label: words(o.body, "label") })),
    columns: kind === "list" ? ordered(object(body, "columns")).map((c) => readField(c.id, c.body)) : [],
    maxRows: whole(body, "maxRows"),
    from: text(body, "from"),
    roll: body["roll"] === true,
    drawn: body["drawn"] === true,
  };
}

/** The template of a kind that is in force on a day (YYYY-MM-DD in Beijing): of those that have begun the one that began last. */
export function inForce(templates: Template[], kind: string, day: string): Template | undefined {
  let best: Template | undefined;
  for (const t of templates) {
    if (t.kind !== kind || t.validFrom > day) continue;
    if (!best || t.validFrom > best.validFrom || (t.validFrom === best.validFrom && t.version > best.version)) best = t;
  }
  return best;
}

/** Who signed a paper, or refused to. */
export type Signature = {
  id: string; role: string; officer: string; at: string; image: string; strokes: string; refused: boolean; reason: string; recording: string; body: Body;
};

/** A paper, as far as it is checked. */
export type Paper = { data: Body; signatures: Signature[]; body: Body };

/** Reads the body of a record of the collection documents. */
export function readPaper(body: Body): Paper {
  const signatures = ordered(object(body, "signatures")).map((e) => ({
    id: e.id, role: text(e.body, "role"), officer: text(e.body, "officer"), at: text(e.body, "at"), image: text(e.body, "image"),
    strokes: text(e.body, "strokes"), refused: e.body["refused"] === true, reason: text(e.body, "reason"), recording: text(e.body, "recording"), body: e.body,
  }));
  signatures.sort((a, b) => (parseMoment(a.at) ?? -Infinity) - (parseMoment(b.at) ?? -Infinity) || byCodePoints(a.id, b.id));
  return { data: object(body, "data") ?? {}, signatures, body };
}
