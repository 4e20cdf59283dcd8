/** Silences: which alerts tell nobody, until when and why; new ones are made here, and ended. */

import { addSilence, endSilence, managedAlerts, silences, type ManagedAlert, type Silence } from "../data/api";
import { h } from "../dom";
import { ordered, quieted, writeMatcher } from "../silences";
import { dateTime, length } from "../time";
import { LivePage } from "./live";
import { block, failed, tag, type Tone } from "./parts";
import { silenceForm } from "./silenceform";

const TONES: Record<string, Tone> = { active: "warn", pending: "idle", expired: "idle" };
const OLD = 20;

function times({ status, startsAt, endsAt }: Silence): string {
  const [now, start, end] = [Date.now(), Date.parse(startsAt), Date.parse(endsAt)].map((at) => at / 1000) as [
    number,
    number,
    number,
  ];
  if (status.state === "pending") return `begins in ${length(start - now)}, ends ${dateTime(end)}`;
  return status.state === "active" ? `ends in ${length(end - now)}, at ${dateTime(end)}` : `ended ${dateTime(end)}`;
}

export class SilencesPage extends LivePage {
  readonly title = "Silences";
  protected readonly about =
    "An alert that is silenced still fires and still shows, but tells nobody. Alertmanager keeps them; amtool sees the same.";
  protected override readonly seconds = 5;
  private alerts: ManagedAlert[] = [];
  private readonly form = silenceForm(
    () => this.alerts,
    async (silence) => {
      await addSilence(silence);
      await this.draw();
    },
  );
  private trouble: HTMLElement | null = null;

  protected override fixed(): HTMLElement[] {
    return [block("New silence", [this.form.element])];
  }

  override async update(): Promise<void> {
    this.form.fill();
    await super.update();
  }

  protected async content(): Promise<(HTMLElement | null)[]> {
    const [list, alerts] = await Promise.all([silences(), managedAlerts()]);
    this.alerts = alerts;
    this.form.look();
    const all = ordered(list);
    const held = all.filter((one) => one.status.state !== "expired");
    const past = all.filter((one) => one.status.state === "expired").slice(0, OLD);
    const none = h("p", { class: "dim" }, "No alert is silenced.");
    return [
      this.trouble,
      block(
        "Silences",
        held.length ? held.map((one) => this.card(one)) : [none],
        h("span", { class: "dim" }, String(held.length)),
      ),
      past.length
        ? block(
            "Ended",
            past.map((one) => this.card(one)),
            h("span", { class: "dim" }, "the latest"),
          )
        : null,
    ];
  }

  private card(one: Silence): HTMLElement {
    const over = one.status.state === "expired";
    const quiet = over ? [] : quieted(one.matchers, this.alerts);
    const written = one.matchers.map(writeMatcher);
    const names = [...new Set(quiet.map(({ labels }) => labels.alertname ?? ""))].join(", ");
    const effect = quiet.length ? `Quiets now: ${names}` : "No alert that fires fits it now.";
    return h(
      "article",
      { class: "card silence", "aria-label": `Silence of ${written.join(", ")}` },
      h(
        "header",
        {},
        tag(one.status.state, TONES[one.status.state]),
        h(
          "ul",
          { class: "chips", "aria-label": "Labels" },
          ...written.map((text) => h("li", { class: "chip" }, h("code", {}, text))),
        ),
        h("span", { class: "grow" }),
        over
          ? h(
              "a",
              {
                class: "button small",
                href: `/silences?${new URLSearchParams(written.map((text) => ["match", text]))}`,
              },
              "Again",
            )
          : h(
              "button",
              {
                type: "button",
                class: "button small",
                "aria-label": `End the silence of ${written.join(", ")}`,
                onclick: () => void this.end(one),
              },
              "End it",
            ),
      ),
      h("p", {}, one.comment),
      h("p", { class: "dim" }, `${one.createdBy}; ${times(one)}`),
      over ? null : h("p", { class: "dim" }, effect),
    );
  }

  private async end(one: Silence): Promise<void> {
    this.trouble = null;
    try {
      await endSilence(one.id);
    } catch (error) {
      this.trouble = failed(error);
    }
    await this.draw();
  }
}
