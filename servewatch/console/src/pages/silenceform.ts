/** The form of a new silence: it says what it would quiet before it is sent. */

import { ApiError, type ManagedAlert, type Matcher, type Silence } from "../data/api";
import { freshId, h } from "../dom";
import { quieted, readMatcher, wrong } from "../silences";
import { location, remember, remembered } from "../state";
import { seconds } from "../time";
import { failed } from "./parts";

export interface SilenceForm {
  element: HTMLElement;
  /** Takes what the address asks for. */
  fill(): void;
  /** Says anew what would be quieted. */
  look(): void;
}

function field(name: string, hint: string, input: HTMLElement): HTMLElement {
  const id = freshId("hint");
  input.setAttribute("aria-describedby", id);
  return h("label", { class: "field" }, h("span", {}, name), input, h("span", { class: "dim small", id }, hint));
}

const lines = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

export function silenceForm(
  alerts: () => ManagedAlert[],
  submit: (silence: Omit<Silence, "id" | "status">) => Promise<void>,
): SilenceForm {
  const match = h("textarea", { class: "input", rows: 3, spellcheck: "false", placeholder: 'alertname="QueueFull"' });
  const lasts = h("input", { class: "input", value: "2h", list: "durations", autocomplete: "off" });
  const by = h("input", { class: "input", value: remembered("name") ?? "", autocomplete: "name" });
  const comment = h("input", { class: "input", autocomplete: "off" });
  const effect = h("p", { class: "dim", role: "status" });
  const said = h("div", { "aria-live": "polite" });
  const parsed = (): (Matcher | null)[] => lines(match.value).map(readMatcher);

  const look = (): void => {
    const found = parsed();
    const unread = lines(match.value).filter((_, index) => !found[index]);
    const quiet = quieted(found as Matcher[], unread.length ? [] : alerts());
    const names = [...new Set(quiet.map(({ labels }) => labels.alertname ?? ""))];
    effect.textContent = unread.length
      ? `${unread[0]} is no label with its value; write it like alertname="QueueFull" or service=~"fashion.*"`
      : found.length === 0
        ? "Name the labels of the alerts to silence, one a line: all of them must fit."
        : quiet.length
          ? `Would quiet ${quiet.length === 1 ? "one alert" : `${quiet.length} alerts`} that fires now: ${names.join(", ")}`
          : "No alert that fires now fits; those to come that do will tell nobody.";
  };
  const fill = (): void => {
    const asked = location().parameters.getAll("match");
    if (asked.length) match.value = asked.join("\n");
    look();
  };
  const send = async (): Promise<void> => {
    const found = parsed();
    const span = seconds(lasts.value.trim());
    const problem = found.includes(null)
      ? (effect.textContent ?? "")
      : wrong(found as Matcher[], span, by.value, comment.value);
    if (problem) return said.replaceChildren(failed(new ApiError(problem)));
    const start = Date.now();
    remember("name", by.value.trim());
    try {
      await submit({
        matchers: found as Matcher[],
        startsAt: new Date(start).toISOString(),
        endsAt: new Date(start + span! * 1000).toISOString(),
        createdBy: by.value.trim(),
        comment: comment.value.trim(),
      });
    } catch (error) {
      return said.replaceChildren(failed(error));
    }
    match.value = "";
    comment.value = "";
    said.replaceChildren(h("p", { class: "ok-text" }, `Silenced for ${lasts.value.trim()}.`));
    return look();
  };

  match.addEventListener("input", look);
  const element = h(
    "form",
    { class: "silence-form", "aria-label": "New silence" },
    field("Labels", "One a line, as amtool writes them: =, !=, =~ or !~", match),
    h(
      "div",
      { class: "fields" },
      field("For", "30m, 2h, 1d", lasts),
      field("Who", "Your name", by),
      field("Why", "For those who wonder", comment),
      h("button", { type: "submit", class: "button primary" }, "Silence"),
    ),
    h(
      "datalist",
      { id: "durations" },
      ...["30m", "1h", "2h", "4h", "12h", "1d", "3d"].map((value) => h("option", { value })),
    ),
    effect,
    said,
  );
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  fill();
  return { element, fill, look };
}
