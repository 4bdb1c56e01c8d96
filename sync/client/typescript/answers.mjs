// Says what this client says of cases, for a test that compares: JSON of cases comes in, JSON of answers goes out, in the same order.
import {
  Calendar, CalendarMissing, capitals, check, checkPeriods, due, expand, fenOf, figures, formatDay, numberText, parseDay, readPaper, readTemplate, steps,
} from "./dist/index.js";

function money({ yuan }) {
  const fen = fenOf(yuan);
  return fen === undefined ? {} : { figures: figures(fen), capitals: capitals(fen) };
}

function period({ begins, n, unit, roll }, calendar) {
  try {
    return { last: formatDay(due(parseDay(begins), n, unit, roll, calendar)) };
  } catch (e) {
    if (e instanceof CalendarMissing) return { missing: e.year };
    throw e;
  }
}

function paper(one, templates, calendar, remedies) {
  const template = templates[one.kind];
  const read = readPaper(one.paper);
  return {
    flaws: [...check(template, read), ...checkPeriods(template, read, calendar)],
    steps: steps(template, read).map((s) => ({ signer: s.signer.id, signed: s.signed, state: s.state })),
    texts: one.texts.map((text) => expand(template, read, { organ: one.organ, remedies }, text)),
  };
}

let input = "";
process.stdin.setEncoding("utf8");
for await (const part of process.stdin) input += part;
const cases = JSON.parse(input);
const calendar = new Calendar(cases.notices);
const templates = Object.fromEntries(Object.entries(cases.templates).map(([kind, body]) => [kind, readTemplate(body)]));
process.stdout.write(JSON.stringify({
  money: cases.money.map(money),
  numbers: cases.numbers.map(({ pattern, n }) => ({ text: numberText(pattern, n) })),
  periods: cases.periods.map((one) => period(one, calendar)),
  papers: cases.papers.map((one) => paper(one, templates, calendar, cases.remedies)),
}));
