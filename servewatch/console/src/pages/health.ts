/** What Prometheus knows of a target: that it answers, that it does not, or nothing before the first scrape. */

import type { Target } from "../data/api";
import { tag, type Tone } from "./parts";

export const isDown = (one: Target): boolean => one.health === "down";
export const notScraped = (one: Target): boolean => one.health !== "up" && one.health !== "down";

/** What is wrong comes first. */
export function byHealth(a: Target, b: Target): number {
  const rank = (one: Target): number => (isDown(one) ? 0 : notScraped(one) ? 1 : 2);
  return rank(a) - rank(b);
}

export function healthTag(one: Target): HTMLElement {
  return notScraped(one) ? tag("not scraped yet", "idle") : tag(one.health);
}

/** How many answer, coloured by whether one does not. */
export function answering(list: Target[]): { text: string; tone: Tone } {
  const up = list.filter((one) => one.health === "up").length;
  return {
    text: `${up}/${list.length}`,
    tone: list.some(isDown) ? "bad" : list.some(notScraped) ? "idle" : "ok",
  };
}
