/** The text of a number by its block's pattern: {n}, or {n:4} with leading zeros up to four digits. */
export function numberText(pattern: string, n: number): string {
  return pattern.replace(/\{n(?::([1-8]))?\}/g, (_, digits?: string) => String(n).padStart(Number(digits ?? 0), "0"));
}
