/** Tables of the pages: on a phone each row becomes a card. */

import { h } from "../dom";

export interface Heading {
  title: string;
  /** A number stands at the right. */
  number?: boolean;
}
export type Cell = Node | string | number | null;

const heading = (one: Heading | string): Heading => (typeof one === "string" ? { title: one } : one);

/** The first cell of a row is its heading. */
export function tableOf(headings: (Heading | string)[], rows: Cell[][], label: string, empty: string): HTMLElement {
  if (rows.length === 0) return h("p", { class: "dim" }, empty);
  const columns = headings.map(heading);
  const head = columns.map(({ title, number }) =>
    h("th", { scope: "col", role: "columnheader", class: number ? "number" : undefined }, title),
  );
  const body = rows.map((row) =>
    h(
      "tr",
      { role: "row" },
      ...row.map((cell, index) => {
        const { title, number } = columns[index]!;
        if (index === 0) return h("th", { scope: "row", role: "rowheader" }, cell);
        return h("td", { role: "cell", "data-label": title, class: number ? "number" : "wrap" }, cell ?? "–");
      }),
    ),
  );
  return h(
    "div",
    { class: "table-scroll" },
    h(
      "table",
      { class: "table cards-on-phone", role: "table", "aria-label": label },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...head)),
      h("tbody", { role: "rowgroup" }, ...body),
    ),
  );
}

/** A choice of a few that stands in the address; `noted` says what is to be found behind each. */
export function choices(
  label: string,
  all: string[],
  chosen: string,
  choose: (one: string) => void,
  noted: (one: string) => string = () => "",
): HTMLElement {
  const buttons = all.map((one) =>
    h(
      "button",
      { type: "button", class: "button", "aria-pressed": String(one === chosen), onclick: () => choose(one) },
      one,
      noted(one) ? h("span", { class: "noted" }, noted(one)) : null,
    ),
  );
  return h(
    "div",
    { class: "filters plain", role: "group", "aria-label": label },
    h("span", { class: "dim" }, label),
    ...buttons,
  );
}
