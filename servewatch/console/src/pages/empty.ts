/** Why is this panel empty? Every query of every dashboard that has no result now, with the reason. */

import { emptyPanels, type EmptyPanel } from "../data/api";
import { h } from "../dom";
import { LivePage } from "./live";
import { block, tag, type Tone } from "./parts";

const TONES: [RegExp, Tone][] = [
  [/^(target down|metric missing|no rule)/, "bad"],
  [/^label missing/, "warn"],
];

/** The kind of a reason and what it says of it: names of metrics have colons too, but no space after them. */
export function parted(reason: string): { kind: string; text: string } {
  const at = reason.indexOf(": ");
  if (at < 0) return { kind: /^no (traffic|rule)\b/.exec(reason)?.[0] ?? "empty", text: reason };
  return { kind: reason.slice(0, at), text: reason.slice(at + 2) };
}

function item(one: EmptyPanel): HTMLElement {
  const { kind, text } = parted(one.reason);
  const tone = TONES.find(([pattern]) => pattern.test(one.reason))?.[1] ?? "idle";
  return h(
    "li",
    { class: "reason" },
    h("p", {}, tag(kind, tone), " ", h("strong", {}, one.place)),
    h("p", {}, text),
    h("pre", {}, h("code", {}, one.query)),
  );
}

export class EmptyPage extends LivePage {
  readonly title = "Empty panels";
  protected readonly about =
    "Panels that have nothing to draw now, and why: no traffic, a target that is down, a metric that nobody exposes. " +
    "What is rightly empty, as an alert table when all is well, is left out.";
  protected override readonly seconds = 60;

  protected async content(): Promise<HTMLElement[]> {
    const { queries, dashboards, empty } = await emptyPanels();
    const asked = `${queries} queries of ${dashboards} dashboards were asked.`;
    if (empty.length === 0) return [h("p", { class: "all-well" }, tag("ok", "ok"), ` No panel is empty. ${asked}`)];
    const uids = [...new Set(empty.map((one) => one.uid))];
    const blocks = uids.map((uid) => {
      const own = empty.filter((one) => one.uid === uid);
      const link = h("a", { href: `/d/${encodeURIComponent(uid)}` }, "Dashboard");
      return block(own[0]!.title, [h("ul", { class: "reasons" }, ...own.map(item))], link);
    });
    return [h("p", { class: "dim" }, `${asked} ${empty.length} have no result.`), ...blocks];
  }
}
