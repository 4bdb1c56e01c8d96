import { Flaw } from "./flaw.js";
import { blank, holds } from "./read.js";
import { readStrokes, StrokesError } from "./strokes.js";
import { Paper, Signature, Signer, Template } from "./template.js";

/** That those have signed who must, and that every refusal says why (行政处罚法第五十二条). */
export function checkSignatures(t: Template, paper: Paper): Flaw[] {
  const flaws: Flaw[] = [];
  for (const s of t.signers) {
    const n = signedBy(s, paper);
    if (n < s.count && holds(s.when, paper.data)) {
      flaws.push({
        path: "signatures", zh: `“${s.label.zh}”应有${s.count}人签名，现有${n}人`,
        en: `${s.label.en}: ${s.count} signatures are needed, ${n} are there`,
      });
    }
  }
  for (const one of paper.signatures) {
    for (const flaw of one.refused ? checkRefusal(paper, one) : checkOne(one)) flaws.push({ ...flaw, path: `signatures/${one.id}/${flaw.path}` });
  }
  return flaws;
}

/** The roles of those who sign for themselves, by an op of their own: who approves, reviews, hosts or decides with others. */
const own = ["unit", "legal", "head", "host", "member"];

/** Whether who signs in the role does so himself, by an op of his own. */
export function signsHimself(role: string): boolean {
  return own.includes(role);
}

/** How many people have signed in a place. Who refuses to approve has not. */
function signedBy(s: Signer, paper: Paper): number {
  const signed = paper.signatures.filter((one) => one.role === s.role && !(one.refused && signsHimself(s.role)));
  return new Set(signed.map((one) => one.officer || one.id)).size;
}

/** A place where somebody must sign, and how far it is: "awaited" is the next, "later" has another before it. */
export type Step = { signer: Signer; signed: number; state: "signed" | "awaited" | "later" };

/** The places where somebody must sign, in the order of the template, as far as the paper's data ask for them. */
export function steps(t: Template, paper: Paper): Step[] {
  const out: Step[] = [];
  let next: Step["state"] = "awaited";
  for (const signer of t.signers) {
    if (signer.count === 0 || !holds(signer.when, paper.data)) continue;
    const step: Step = { signer, signed: signedBy(signer, paper), state: "signed" };
    if (step.signed < signer.count) [step.state, next] = [next, "later"];
    out.push(step);
  }
  return out;
}

/** What a refusal to sign lacks: its reason, and of a party's two officers and a witness who signed, or the record of a recording. */
function checkRefusal(paper: Paper, s: Signature): Flaw[] {
  const flaws: Flaw[] = [];
  if (blank(s.reason)) flaws.push({ path: "reason", zh: "拒绝签名未注明理由", en: "a refusal to sign must say why" });
  if (s.role !== "party") return flaws;
  const signed = paper.signatures.filter((one) => !one.refused);
  const officers = new Set(signed.filter((one) => one.role === "officer").map((one) => one.officer || one.id));
  if (officers.size < 2) {
    flaws.push({ path: "refused", zh: "当事人拒绝签名的，应由两名执法人员签名注明", en: "two officers sign beside a refusal to sign" });
  }
  const witnessed = signed.some((one) => one.role === "witness" && (one.image !== "" || one.strokes !== ""));
  if (!witnessed && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(s.recording)) {
    flaws.push({
      path: "recording", zh: "当事人拒绝签名的，应有见证人签名或者注明音像记录编号",
      en: "a witness signs beside a refusal, or it names the recording that shows it",
    });
  }
  return flaws;
}

function checkOne(s: Signature): Flaw[] {
  const flaws = checkHand(s);
  if (signsHimself(s.role) && s.officer === "") flaws.push({ path: "officer", zh: "未注明签名人是谁", en: "officer is the record of the person who signs" });
  return flaws;
}

function checkHand(s: Signature): Flaw[] {
  if (s.image === "" && s.strokes === "") {
    return [{ path: "image", zh: "没有签名笔迹或者图像", en: "there are neither strokes nor a picture of the signature" }];
  }
  if (s.strokes !== "") {
    try {
      readStrokes(s.strokes);
    } catch (e) {
      if (!(e instanceof StrokesError)) throw e;
      return [{ path: "strokes", zh: e.zh, en: e.message }];
    }
  }
  if (s.image !== "" && !isSmallPNG(s.image)) return [{ path: "image", zh: "签名图像无法识别或者过大", en: "the picture of the signature cannot be read or is too large" }];
  return [];
}

const mostOctets = 64 << 10;
const mostPixels = 1 << 20;
const head = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether a text is base64 of a PNG of a size that papers may hold. Only its head is read: the server unpacks it. */
function isSmallPNG(base64: string): boolean {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) return false;
  const raw = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  if (raw.length > mostOctets || raw.length < 33 || head.some((octet, i) => raw[i] !== octet)) return false;
  const view = new DataView(raw.buffer);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  return width > 0 && height > 0 && width * height <= mostPixels;
}
