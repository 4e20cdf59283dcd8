/** Links to the runbook: what leads to the alerts' own runbook elsewhere is read here, also without a network. */

import { safeHref } from "./dom";

let elsewhere = "";

/** Tells where the alerts' own links lead. */
export function runbookIsAt(url: string): void {
  elsewhere = url;
}

/** The address to link to, also where the heading is written as in the text; somebody else's runbook keeps its own. */
export function runbookHref(url: string, service = ""): string | null {
  const rest = elsewhere && url.startsWith(elsewhere) ? url.slice(elsewhere.length) : null;
  if (rest === null || (rest && !rest.startsWith("#"))) return safeHref(url);
  return `/runbook${service ? `?service=${encodeURIComponent(service)}` : ""}${rest && `#${anchorOf(rest)}`}`;
}

/** The anchor of a heading, as repositories' pages make it. */
export function anchorOf(title: string): string {
  return title
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s+/g, "-");
}

/** A query of the runbook for this service, instead of the one that stands there as an example. */
export function forService(query: string, service: string): string {
  const quoted = service.replace(/\\/g, "\\\\").replace(/"/g, '\\"');
  return service ? query.replace(/service="[^"]*"/g, () => `service="${quoted}"`) : query;
}
