// Amounts of money as papers write them. Inside, an amount is a whole number of fen.

const mostFen = 1_0000_0000_0000_00; // a million million yuan: far within what a number counts exactly

/** The fen of an amount in yuan; undefined for what is no amount: negative, more than two decimals, too large. */
export function fenOf(yuan: number): number | undefined {
  const fen = Math.round(yuan * 100);
  return Number.isNaN(fen) || fen < 0 || fen > mostFen || Math.abs(fen / 100 - yuan) > 1e-6 ? undefined : fen;
}

/** In figures, with both decimals: 1234.50. */
export function figures(fen: number): string {
  return `${Math.floor(fen / 100)}.${Math.floor(fen / 10) % 10}${fen % 10}`;
}

const digits = "零壹贰叁肆伍陆柒捌玖";

/** In the capitals that cannot be altered (人民币大写), by 《正确填写票据和结算凭证的基本规定》. */
export function capitals(fen: number): string {
  if (fen === 0) return "零元整";
  const yuan = Math.floor(fen / 100);
  const jiao = Math.floor(fen / 10) % 10;
  const rest = fen % 10;
  let out = yuan > 0 ? capitalYuan(yuan) + "元" : "";
  if (jiao === 0 && rest === 0) return out + "整";
  if (yuan > 0 && (jiao === 0 || yuan % 10 === 0)) out += "零";
  if (jiao > 0) out += digits[jiao] + "角";
  if (rest > 0) out += digits[rest] + "分";
  return out;
}

/** A whole number by its myriads. */
function capitalYuan(n: number): string {
  for (const [size, unit] of [[1_0000_0000, "亿"], [1_0000, "万"]] as const) {
    if (n < size) continue;
    const high = capitalYuan(Math.floor(n / size)) + unit;
    const low = n % size;
    if (low === 0) return high;
    return high + (low < size / 10 ? "零" : "") + capitalYuan(low);
  }
  let out = "";
  let gap = false;
  for (const [size, unit] of [[1000, "仟"], [100, "佰"], [10, "拾"], [1, ""]] as const) {
    const digit = Math.floor(n / size) % 10;
    if (digit === 0) {
      gap = out !== "";
      continue;
    }
    out += (gap ? "零" : "") + digits[digit] + unit;
    gap = false;
  }
  return out;
}
