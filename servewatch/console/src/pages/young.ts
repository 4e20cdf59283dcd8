/** What is said while Prometheus has recorded for minutes only: panels that look further back are empty without a fault. */

import { prometheus } from "../data/api";
import { h, icon } from "../dom";
import { length } from "../time";

const LOOKED_AT = 3600;
const STEP = 30;
const YOUNG = 900;

type Answer = { result: { values: [number, string][] }[] };

/** Since how many seconds Prometheus has recorded without a break of an hour before; null where that is not known. */
export async function recordedFor(now = Date.now() / 1000): Promise<number | null> {
  const asked = { query: "count(up)", start: String(now - LOOKED_AT), end: String(now), step: String(STEP) };
  try {
    const { result } = await prometheus<Answer>("query_range", asked);
    const first = result[0]?.values[0]?.[0];
    return first === undefined ? null : now - first + STEP / 2;
  } catch {
    return null;
  }
}

/** The words for that, and none where it is long enough for most of what is drawn. */
export function youngText(recorded: number | null): string {
  if (recorded === null || recorded >= YOUNG) return "";
  return (
    `Just started: of the last hour Prometheus has recorded ${length(recorded)}. ` +
    "What looks further back, such as drift and objectives, says little yet, or that there is nothing; it fills as time passes."
  );
}

/** Says it, as long as it is so, at each call. */
export class Youth {
  readonly element = h("div", { class: "young", hidden: true });
  private over = false;

  async look(): Promise<void> {
    if (this.over) return;
    const recorded = await recordedFor();
    const text = youngText(recorded);
    this.over = recorded !== null && !text;
    this.element.hidden = !text;
    this.element.replaceChildren(icon("clock"), h("div", {}, text));
  }
}
