/** Text as large as its box allows. */

let context: CanvasRenderingContext2D | null = null;

export function textWidth(text: string, size: number, weight = 500): number {
  context ??= document.createElement("canvas").getContext("2d");
  if (!context) return text.length * size * 0.6;
  context.font = `${weight} ${size}px Inter, Helvetica, Arial, sans-serif`;
  return context.measureText(text).width;
}

/** The largest size, within limits, at which the text is not wider or higher than the box. */
export function fitText(
  text: string,
  width: number,
  height: number,
  limits = { min: 12, max: 64 },
  weight = 500,
): number {
  const atHundred = textWidth(text, 100, weight) || 1;
  return Math.floor(Math.max(limits.min, Math.min(limits.max, (width / atHundred) * 100, height / 1.15)));
}

/** Rows and columns that give `count` equal boxes the most room; `shape` is how much wider than high they should be. */
export function arrange(
  count: number,
  width: number,
  height: number,
  orientation = "auto",
  shape = 2.2,
): { columns: number; rows: number } {
  if (orientation === "vertical") return { columns: count, rows: 1 };
  if (orientation === "horizontal") return { columns: 1, rows: count };
  let best = { columns: 1, rows: count, score: -1 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const score = Math.min(width / columns / shape, height / rows);
    if (score > best.score + 0.5) best = { columns, rows, score };
  }
  return best;
}
