/** The areas of the console, and the pages of each. */

import { h, icon } from "../dom";

interface Area {
  name: string;
  icon: string;
  pages: [path: string, name: string][];
}

const AREAS: Area[] = [
  { name: "Home", icon: "home", pages: [["/", "Home"]] },
  {
    name: "Models",
    icon: "model",
    pages: [
      ["/models", "Services and models"],
      ["/drift", "Drift"],
      ["/accuracy", "Accuracy"],
    ],
  },
  {
    name: "Alerts",
    icon: "bell",
    pages: [
      ["/alerts", "Alerts"],
      ["/silences", "Silences"],
      ["/notifications", "Notifications"],
      ["/runbook", "Runbook"],
    ],
  },
  {
    name: "Stack",
    icon: "stack",
    pages: [
      ["/targets", "Targets"],
      ["/empty", "Empty panels"],
    ],
  },
];

function holds(area: Area, path: string): boolean {
  return area.pages.some(([one]) => one === path);
}

export function areas(path: string): HTMLElement[] {
  return AREAS.map((area) =>
    h(
      "a",
      {
        href: area.pages[0]![0],
        class: "nav-item",
        "aria-label": area.name,
        "aria-current": holds(area, path) ? (area.pages[0]![0] === path ? "page" : "true") : undefined,
      },
      icon(area.icon),
      h("span", {}, area.name),
    ),
  );
}

/** The pages beside the one at this path; none where it is alone. */
export function tabsAt(path: string): HTMLElement[] {
  const area = AREAS.find((one) => holds(one, path));
  if (!area || area.pages.length < 2) return [];
  return area.pages.map(([href, name]) =>
    h("a", { href, class: "tab", "aria-current": href === path ? "page" : undefined }, name),
  );
}
