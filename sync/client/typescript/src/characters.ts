import { wrong, Flaw } from "./flaw.js";

// By blocks and no scripts: what engines know of scripts depends on their version of Unicode.
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const control = /(?![\n\r\t])\p{Cc}/u;

// Format characters, fillers and blanks of scripts: they show nothing.
const unseen = /[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2028\u2029\u2060-\u2065\u206a-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\u{110bd}\u{110cd}\u{13430}-\u{1345f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e00ff}\u{e01f0}-\u{e0fff}]/u;

function isPrivate(c: number): boolean {
  return (c >= 0xe000 && c <= 0xf8ff) || (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) === 0xfffe || c >= 0xf0000;
}

/**
 * What a paper cannot print as it was entered: control characters, what turns the direction of writing, what is not seen, and what has no meaning outside one
 * office. The first of them is told, with its place.
 */
export function checkCharacters(s: string): Flaw[] {
  let n = 0;
  for (const c of s) {
    n++;
    const code = c.codePointAt(0)!;
    const say = (zh: string, en: string) => {
      const name = "U+" + code.toString(16).toUpperCase().padStart(4, "0");
      return wrong(`第${n}个字是${zh}（${name}），请改正`, `character ${n} is ${en} (${name})`);
    };
    if (/[\ud800-\udfff]/u.test(c)) return wrong("含有无法识别的字符", "is not valid UTF-8");
    if (control.test(c)) return say("控制字符", "a control character");
    if (rightToLeft.test(c)) return say("从右向左书写的字符", "one that runs from right to left");
    if (unseen.test(c)) return say("看不见的字符", "one that is not seen");
    if (isPrivate(code)) return say("不能打印的自造字", "of private use and cannot be printed");
  }
  return [];
}
