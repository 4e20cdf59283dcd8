/** Links of dashboards: they keep the time and the chosen values where they are told to. */

import type { DashboardEntry, Dashboard } from "../model";
import { interpolateText, type Scope } from "../data/interpolate";
import type { Variables } from "../data/variables";
import { h, icon, safeHref } from "../dom";
import { runbookHref } from "../runbook";
import { popover } from "./popover";
import type { TimeState } from "./timepicker";

export function timeQuery(time: TimeState): string {
  return `from=${encodeURIComponent(time.from)}&to=${encodeURIComponent(time.to)}`;
}

function variableQuery(variables: Variables): string {
  return variables.states
    .flatMap(({ variable, selected }) =>
      selected.map((value) => `var-${encodeURIComponent(variable.name)}=${encodeURIComponent(value)}`),
    )
    .join("&");
}

/** `${name:queryparam}`, `${__url_time_range}` and the variables of the dashboard in an address. */
export function writeUrl(url: string, scope: Scope, time: TimeState): string {
  const all = [...scope.keys()]
    .filter((name) => !name.startsWith("__"))
    .map((name) => interpolateText(`\${${name}:queryparam}`, scope))
    .join("&");
  const known = url
    .replace(/\$\{__url_time_range\}|\$__url_time_range/g, timeQuery(time))
    .replace(/\$\{__all_variables\}|\$__all_variables/g, all);
  return interpolateText(known, scope);
}

function withQuery(url: string, parts: string[]): string {
  const query = parts.filter(Boolean).join("&");
  return query ? `${url}${url.includes("?") ? "&" : "?"}${query}` : url;
}

/** A title without what it has in common with this one: `suite / Board` is `Board` beside `suite / Other`. */
function besides(own: string, title: string): string {
  const [suite, ...rest] = title.split(" / ");
  return rest.length > 0 && own.startsWith(`${suite} / `) ? rest.join(" / ") : title;
}

export function dashboardLinks(
  model: Dashboard,
  entries: DashboardEntry[],
  variables: Variables,
  time: TimeState,
): HTMLElement[] {
  return (model.links ?? []).flatMap((link) => {
    const kept = [link.keepTime ? timeQuery(time) : "", link.includeVars ? variableQuery(variables) : ""];
    const own = link.type === "link" ? runbookHref(link.url ?? "") : null;
    const inside = own !== null && own.startsWith("/runbook");
    const blank = link.targetBlank && !inside ? { target: "_blank", rel: "noopener noreferrer" } : {};
    if (link.type === "link") {
      const href = inside ? own : safeHref(withQuery(interpolateText(link.url ?? "", variables.scope), kept));
      return href
        ? [h("a", { class: "dash-link", href, title: link.tooltip || undefined, ...blank }, icon("link"), link.title)]
        : [];
    }
    const tagged = entries.filter(
      (entry) => entry.uid !== model.uid && (link.tags ?? []).every((tag) => entry.tags.includes(tag)),
    );
    const anchors = tagged.map((entry) =>
      h(
        "a",
        { class: "dash-link", href: withQuery(`/d/${encodeURIComponent(entry.uid)}`, kept), ...blank },
        icon("grid"),
        besides(model.title, entry.title),
      ),
    );
    return (link as { asDropdown?: boolean }).asDropdown && anchors.length ? [dropdown(link.title, anchors)] : anchors;
  });
}

function dropdown(title: string, anchors: HTMLElement[]): HTMLElement {
  const button = h(
    "button",
    { type: "button", class: "dash-link", "aria-haspopup": "menu", "aria-expanded": "false" },
    icon("grid"),
    title,
    icon("chevron"),
  );
  button.addEventListener("click", () => popover(button, h("div", { class: "options" }, ...anchors), title));
  return button;
}
