/** A page that asks again and again and draws what it was told. */

import { config, type Config } from "../data/api";
import { h } from "../dom";
import { failed } from "./parts";
import { renew, repeat, type Page } from "./page";

export abstract class LivePage implements Page {
  readonly element = h("main", { class: "page", id: "main" });
  readonly tools = h("div", { class: "tools" });
  abstract readonly title: string;
  /** One sentence on what the page is for. */
  protected abstract readonly about: string;
  protected readonly seconds: number = 10;
  protected settings!: Config;
  protected readonly body = h("div", { class: "stack" });
  private stop: () => void = () => undefined;
  private round = 0;

  /** What stands on the page now. */
  protected abstract content(): Promise<(HTMLElement | null)[]>;

  /** What stands between the heading and the content, and is never drawn anew. */
  protected fixed(): HTMLElement[] {
    return [];
  }

  async open(): Promise<void> {
    this.settings = await config();
    const heading = h("header", { class: "heading" }, h("h1", {}, this.title), h("p", { class: "dim" }, this.about));
    this.element.append(heading, ...this.fixed(), this.body);
    this.stop = repeat(() => this.draw(), this.seconds);
  }

  async update(): Promise<void> {
    await this.draw();
  }

  close(): void {
    this.stop();
    this.round += 1;
  }

  protected async draw(): Promise<void> {
    const round = (this.round += 1);
    let drawn: HTMLElement[];
    try {
      drawn = (await this.content()).filter((one): one is HTMLElement => one !== null);
    } catch (error) {
      drawn = [failed(error)];
    }
    // What was asked for another address comes too late.
    if (round !== this.round) return;
    renew(this.body, drawn);
    this.body.dataset.state = "drawn";
  }
}
