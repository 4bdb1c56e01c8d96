import { wrong, Flaw } from "./flaw.js";

const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Adlam}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const control = /(?![\n\r\t])\p{Cc}/u;

/** What a paper cannot print as it was entered: control characters, and whatever turns the direction of writing. The first of them is told. */
export function checkCharacters(s: string): Flaw[] {
  for (const c of s) {
    if (/[\ud800-\udfff]/u.test(c)) return wrong("含有无法识别的字符", "is not valid UTF-8");
    if (control.test(c)) return wrong("含有控制字符", "holds a control character");
    if (rightToLeft.test(c)) return wrong("含有从右向左书写的字符", "holds a character that runs from right to left");
  }
  return [];
}
