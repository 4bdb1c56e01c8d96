/** Where the pen was: x, y, milliseconds since the first touch, and pressure from 0 to 255. */
export type Point = { x: number; y: number; at: number; pressure: number };

/** A signature as it was written: see docs/protocol/signatures.md. */
export type Strokes = { width: number; height: number; pressure: boolean; lines: Point[][] };

/** What is wrong with a text of strokes. */
export class StrokesError extends Error {
  constructor(readonly zh: string, en: string) {
    super(en);
  }
}

const most = { octets: 64 << 10, side: 10_000, time: 600_000, pressure: 255 };

/** Reads "1,width,height[,p];line;line": of a line the first point is absolute, further ones are differences. Throws StrokesError. */
export function readStrokes(s: string): Strokes {
  const octets = new TextEncoder().encode(s).length;
  if (octets > most.octets) throw new StrokesError(`笔迹共${octets}字节，超过${most.octets}字节`, `${octets} octets, at most ${most.octets}`);
  const [head, ...lines] = s.split(";");
  const strokes = readHead(head!);
  if (lines.length === 0) throw new StrokesError("笔迹没有笔画", "there is no line");
  let begun = 0;
  lines.forEach((line, i) => {
    const points = readLine(strokes, line, i + 1, begun);
    strokes.lines.push(points);
    begun = points[points.length - 1]!.at;
  });
  return strokes;
}

function readHead(head: string): Strokes {
  let parts = head.split(",");
  if (parts[0] !== "1") throw new StrokesError("笔迹格式版本不是1", "not of form 1");
  const pressure = parts.length === 4 && parts[3] === "p";
  if (pressure) parts = parts.slice(0, 3);
  if (parts.length !== 3) throw new StrokesError("笔迹开头应为“1,宽,高”或者“1,宽,高,p”", "must begin with 1,width,height or 1,width,height,p");
  const [width, height] = parts.slice(1).map((part) => {
    const n = whole(part);
    if (n === undefined || n < 1 || n > most.side) {
      throw new StrokesError(`笔迹书写区域的宽和高应为1至${most.side}的整数`, `width and height must be whole numbers from 1 to ${most.side}`);
    }
    return n;
  });
  return { width: width!, height: height!, pressure, lines: [] };
}

function readLine(s: Strokes, line: string, n: number, begun: number): Point[] {
  const parts = line.split(",");
  const each = s.pressure ? 4 : 3;
  if (parts.length % each !== 0) throw new StrokesError(`第${n}笔的数字个数不是${each}的倍数`, `line ${n}: the count of numbers is no multiple of ${each}`);
  const points: Point[] = [];
  let p: Point = { x: 0, y: 0, at: 0, pressure: 0 };
  for (let i = 0; i < parts.length; i += each) {
    const [zhAt, enAt] = [`第${n}笔第${points.length + 1}点`, `line ${n} point ${points.length + 1}: `];
    const v = parts.slice(i, i + each).map((part) => {
      const number = whole(part);
      if (number === undefined) throw new StrokesError(zhAt + "有不是整数的内容", enAt + "not a whole number");
      return number;
    });
    const next: Point = { x: p.x + v[0]!, y: p.y + v[1]!, at: p.at + v[2]!, pressure: v[3] ?? 0 };
    if (next.x < 0 || next.x > s.width || next.y < 0 || next.y > s.height) throw new StrokesError(zhAt + "在书写区域之外", enAt + "outside the writing area");
    if (next.at < Math.max(p.at, begun)) throw new StrokesError(zhAt + "的时间早于前一点", enAt + "before the point that it follows");
    if (next.at > most.time) throw new StrokesError(zhAt + "距落笔超过10分钟", enAt + "more than 10 minutes after the first touch");
    if (next.pressure < 0 || next.pressure > most.pressure) throw new StrokesError(zhAt + "的压力应为0至255", enAt + "pressure must be from 0 to 255");
    p = next;
    points.push(p);
  }
  return points;
}

/** A whole number in its shortest form, of at most six digits and a sign. */
function whole(s: string): number | undefined {
  const n = Number(s);
  return s.length <= 7 && Number.isInteger(n) && !Object.is(n, -0) && String(n) === s ? n : undefined;
}
