import { dayOf, formatDay } from "./calendar.js";
import { Flaw, wrong } from "./flaw.js";

const idWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** A resident identity number (GB 11643-1999). */
export function checkIDNumber(s: string): Flaw[] {
  if (!/^[1-9]\d{16}[\x00-\x7f]$/.test(s)) return wrong("应为17位数字加1位校验码", "an identity number has 17 digits and a check character");
  const sum = idWeights.reduce((sum, w, i) => sum + w * Number(s[i]), 0);
  if ("10X98765432"[sum % 11] !== s[17]) return wrong("末位校验码不符", "the last character does not check");
  const [year, month, date] = [Number(s.slice(6, 10)), Number(s.slice(10, 12)), Number(s.slice(12, 14))];
  if (year < 1800 || formatDay(dayOf(year, month, date)).replaceAll("-", "") !== s.slice(6, 14)) {
    return wrong("所含出生日期不存在", "there is no such birth date");
  }
  return [];
}

const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const creditWeights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const organWeights = [3, 7, 9, 10, 5, 8, 4, 2];

/** A unified social credit code (GB 32100-2015), with the organisation code inside (GB 11714-1997). */
export function checkCredit(s: string): Flaw[] {
  if (new TextEncoder().encode(s).length !== 18) return wrong("应为18位", "a credit code has 18 characters");
  let sum = 0;
  let organ = 0;
  for (let i = 0; i < s.length; i++) {
    const at = creditAlphabet.indexOf(s[i]!);
    if (at < 0) {
      return wrong("含有不允许的字符（不使用I、O、S、V、Z和小写字母）", "a character is not allowed (I, O, S, V, Z and small letters are not used)");
    }
    sum += at * (creditWeights[i] ?? 0);
    organ += organValue(s[i]!) * (organWeights[i - 8] ?? 0);
  }
  if (!/^\d{6}$/.test(s.slice(2, 8))) return wrong("第3至8位应为登记机关区划代码", "characters 3 to 8 are the digits of a division");
  if (creditAlphabet[(31 - (sum % 31)) % 31] !== s[17]) return wrong("末位校验码不符", "the last character does not check");
  if ("0X987654321"[organ % 11] !== s[16]) {
    return wrong("第9至17位组织机构代码校验码不符", "the organisation code in characters 9 to 17 does not check");
  }
  return [];
}

/** Letters count from A = 10 without gaps. */
function organValue(c: string): number {
  return c >= "A" ? c.charCodeAt(0) - 65 + 10 : Number(c);
}
