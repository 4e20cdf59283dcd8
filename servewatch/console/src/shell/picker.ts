/** The picker of a variable: a list to search, with the keyboard or the pointer. */

import { ALL, unlisted, type Option, type VariableState } from "../data/variables";
import { h, icon } from "../dom";
import { set } from "../state";
import { closePopover, popover } from "./popover";

const SHOWN = 200;

/** Where values are on offer, one that is not among them is told as such. */
function stray(state: VariableState): Option[] {
  return unlisted(state).map((value) => ({ text: state.options.length ? `${value} (unknown)` : value, value }));
}

function summary(state: VariableState): string {
  if (state.selected.includes(ALL)) return "All";
  const options = [...state.options, ...stray(state)];
  const texts = state.selected.map((value) => options.find((option) => option.value === value)?.text ?? value);
  return texts.length ? texts.join(" + ") : "none";
}

function choose(state: VariableState, selected: string[]): void {
  set({ [`var-${state.variable.name}`]: selected.length ? selected : [ALL] });
}

/** What is chosen after a click on `value`. */
export function toggledChoice(selected: string[], value: string, multi: boolean): string[] {
  if (!multi || value === ALL) return [value];
  const real = selected.filter((one) => one !== ALL);
  return real.includes(value) ? real.filter((one) => one !== value) : [...real, value];
}

function moveFocus(event: KeyboardEvent, list: HTMLElement, search: HTMLElement): void {
  const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
  const step = steps[event.key];
  if (!step) return;
  event.preventDefault();
  const items = [search, ...list.querySelectorAll<HTMLElement>("[role=option]")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[Math.min(items.length - 1, Math.max(0, at + step))]?.focus();
}

function offered(state: VariableState): Option[] {
  const all = state.variable.includeAll ? [{ text: "All", value: ALL }] : [];
  return [...all, ...stray(state), ...state.options];
}

function optionButton({ text, value }: Option, on: boolean, pick: (value: string) => void): HTMLElement {
  return h(
    "button",
    {
      type: "button",
      role: "option",
      "aria-selected": String(on),
      class: "option",
      "data-value": value,
      onclick: () => pick(value),
    },
    icon(on ? "check" : ""),
    text,
  );
}

function listbox(state: VariableState, anchor: HTMLElement): HTMLElement {
  const multi = Boolean(state.variable.multi);
  let selected = [...state.selected];
  const options = offered(state);
  const list = h("div", {
    role: "listbox",
    "aria-multiselectable": String(multi),
    "aria-label": state.variable.label || state.variable.name,
    class: "options",
  });
  const search = h("input", { type: "search", class: "input", "aria-label": "Search", autocomplete: "off" });
  const pick = (value: string): void => {
    selected = toggledChoice(selected, value, multi);
    if (!multi) {
      closePopover();
      anchor.focus();
    }
    fill();
  };
  const fill = (): void => {
    const focused = (document.activeElement as HTMLElement | null)?.dataset.value;
    const found = options.filter((option) => option.text.toLowerCase().includes(search.value.toLowerCase()));
    const items = found.slice(0, SHOWN).map((one) => optionButton(one, selected.includes(one.value), pick));
    list.replaceChildren(...items, ...(found.length ? [] : [h("div", { class: "dim pad" }, "Nothing matches")]));
    if (focused !== undefined) items.find((item) => item.dataset.value === focused)?.focus();
  };
  search.addEventListener("input", fill);
  const box = h(
    "div",
    { class: "picker", onkeydown: (event: KeyboardEvent) => moveFocus(event, list, search) },
    search,
    list,
  );
  box.addEventListener("picker-close", () => {
    if (selected.join("\n") !== state.selected.join("\n")) choose(state, selected);
  });
  fill();
  return box;
}

function textbox(state: VariableState): HTMLElement {
  const { variable } = state;
  const input = h("input", {
    class: "input",
    value: state.selected[0] ?? "",
    "aria-label": variable.label || variable.name,
  });
  input.addEventListener("change", () => set({ [`var-${variable.name}`]: input.value }));
  return input;
}

export function variablePicker(state: VariableState): HTMLElement | null {
  const { variable } = state;
  if (variable.hide === 2 || variable.type === "constant") return null;
  const name = variable.hide === 1 ? "" : variable.label || variable.name;
  const caption = name ? h("span", { class: "variable-label", title: variable.description ?? undefined }, name) : null;
  if (variable.type === "textbox") return h("label", { class: "variable" }, caption, textbox(state));
  const button = h(
    "button",
    {
      type: "button",
      class: "variable-value",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-label": `${variable.label || variable.name}: ${summary(state)}`,
      title: state.error ?? undefined,
    },
    h("span", { class: "variable-text" }, summary(state)),
    icon(state.error ? "warn" : "chevron"),
  );
  button.addEventListener("click", () => {
    const box = listbox(state, button);
    popover(button, box, `Values of ${variable.label || variable.name}`, () =>
      box.dispatchEvent(new Event("picker-close")),
    );
  });
  return h("div", { class: state.error ? "variable failed" : "variable" }, caption, button);
}
