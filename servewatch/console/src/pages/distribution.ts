/** Two distributions side by side: a table whose cells are bars, so that it can be read and be listened to. */

import { h } from "../dom";
import { percent } from "./watched";

export interface Share {
  name: string;
  now: number | undefined;
  then: number | undefined;
  note: string;
}

function bar(value: number | undefined, most: number, kind: string, note = ""): HTMLElement {
  if (value === undefined || Number.isNaN(value))
    return h("td", { class: `share ${kind}` }, h("span", { class: "dim" }, "–"));
  const width = `${((100 * value) / most).toFixed(1)}%`;
  return h(
    "td",
    { class: `share ${kind}`, title: note || undefined },
    h("span", { class: "share-track" }, h("span", { class: "share-bar", style: { width } })),
    h("span", { class: "share-text" }, percent(value)),
  );
}

/** A difference is loud where a bin has much more or much less than it had. */
function difference({ now, then }: Share): HTMLElement {
  if (now === undefined || then === undefined) return h("td", { class: "number dim" }, "–");
  const points = (now - then) * 100;
  const loud = Math.abs(points) >= 10 ? "warn-text" : "dim";
  return h("td", { class: `number ${loud}` }, `${points > 0 ? "+" : ""}${points.toFixed(1)}`);
}

export function distribution(shares: Share[], title: string, now: string, then: string): HTMLElement {
  if (shares.length === 0) return h("p", { class: "dim" }, "Nothing has been recorded of it yet.");
  const most = Math.max(...shares.flatMap((one) => [one.now ?? 0, one.then ?? 0]), 0.001);
  const column = (text: string, kind = ""): HTMLElement => h("th", { scope: "col", class: kind || undefined }, text);
  const key = (text: string, kind: string): HTMLElement =>
    h("th", { scope: "col", class: `share ${kind}` }, h("span", { class: "share-key" }), text);
  return h(
    "table",
    { class: "table shares", "aria-label": `${title}: ${now} beside ${then}` },
    h("thead", {}, h("tr", {}, column("Bin"), key(now, "now"), key(then, "then"), column("Points", "number"))),
    h(
      "tbody",
      {},
      ...shares.map((one) =>
        h(
          "tr",
          {},
          h("th", { scope: "row", title: one.note || undefined }, one.name),
          bar(one.now, most, "now", one.note),
          bar(one.then, most, "then"),
          difference(one),
        ),
      ),
    ),
  );
}
