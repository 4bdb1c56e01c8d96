/** One thing that is wrong with a paper, at one place of its body. */
export type Flaw = { path: string; zh: string; en: string };

export function wrong(zh: string, en: string): Flaw[] {
  return [{ path: "", zh, en }];
}

export function join(path: string, more: string): string {
  return more === "" ? path : path + "/" + more;
}
