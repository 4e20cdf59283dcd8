/** Time range, zoom out, refresh now, refresh every so often. */

import { h, icon } from "../dom";
import { set } from "../state";
import { inputValue, QUICK, range, rangeLabel, seconds, type TimeRange } from "../time";
import { closePopover, popover } from "./popover";

export interface TimeState {
  from: string;
  to: string;
  refresh: string;
}

const EVERY = ["", "5s", "10s", "30s", "1m", "5m", "15m"];

function absolute(span: TimeRange): HTMLElement {
  const input = (label: string, at: number): HTMLInputElement =>
    h("input", { type: "datetime-local", step: "1", class: "input", "aria-label": label, value: inputValue(at) });
  const [from, to] = [input("From", span.from), input("To", span.to)];
  const submit = (event: Event): void => {
    event.preventDefault();
    const [start, end] = [Date.parse(from.value), Date.parse(to.value)];
    if (!(end > start)) return (to.setCustomValidity("The end must be after the beginning."), void to.reportValidity());
    closePopover();
    set({ from: String(start), to: String(end) });
  };
  to.addEventListener("input", () => to.setCustomValidity(""));
  return h(
    "form",
    { class: "absolute", onsubmit: submit },
    h("label", {}, "From", from),
    h("label", {}, "To", to),
    h("button", { type: "submit", class: "button primary" }, "Apply"),
  );
}

function choices(state: TimeState): HTMLElement {
  const quick = QUICK.map(([value, label]) =>
    h(
      "button",
      {
        type: "button",
        class: "option",
        "aria-pressed": String(state.to === "now" && state.from === value),
        onclick: () => (closePopover(), set({ from: value, to: "now" })),
      },
      label,
    ),
  );
  return h(
    "div",
    { class: "time-choices" },
    h("div", { class: "options" }, ...quick),
    absolute(range(state.from, state.to)),
  );
}

/** Twice the range around the same middle. */
export function widened(span: TimeRange): TimeRange {
  const half = span.to - span.from;
  const middle = (span.to + span.from) / 2;
  return { from: middle - half, to: Math.min(middle + half, Date.now() / 1000) };
}

export function setRange(span: TimeRange): void {
  set({ from: String(Math.round(span.from * 1000)), to: String(Math.round(span.to * 1000)) });
}

export function timeControls(state: TimeState, refresh: () => void): HTMLElement {
  const open = h(
    "button",
    { type: "button", class: "button", "aria-haspopup": "dialog", "aria-expanded": "false" },
    icon("clock"),
    h("span", { class: "range-label" }, rangeLabel(state.from, state.to)),
    icon("chevron"),
  );
  open.addEventListener("click", () => popover(open, choices(state), "Time range"));
  const zoom = h(
    "button",
    {
      type: "button",
      class: "button",
      "aria-label": "Zoom out",
      title: "Zoom out",
      onclick: () => setRange(widened(range(state.from, state.to))),
    },
    icon("zoomOut"),
  );
  const now = h(
    "button",
    { type: "button", class: "button refresh", "aria-label": "Refresh", title: "Refresh", onclick: refresh },
    icon("refresh"),
  );
  const every = EVERY.includes(state.refresh) ? EVERY : [...EVERY, state.refresh];
  const select = h(
    "select",
    {
      class: "button",
      "aria-label": "Refresh every",
      title: "Refresh every",
      onchange: (event: Event) => set({ refresh: (event.target as HTMLSelectElement).value || "off" }),
    },
    ...every.map((text) =>
      h("option", { value: text, ...(text === state.refresh ? { selected: true } : {}) }, text || "Off"),
    ),
  );
  return h("div", { class: "time-controls", role: "group", "aria-label": "Time" }, open, zoom, now, select);
}

/** Milliseconds between two refreshes; null for never. */
export function refreshMillis(text: string): number | null {
  const length = seconds(text);
  return length ? Math.max(1, length) * 1000 : null;
}
