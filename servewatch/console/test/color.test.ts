import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CLASSIC, contrast, contrasting, NAMED, readableOn, shaded } from "../src/color";

const CSS = readFileSync(`${process.cwd()}/src/style/theme.css`, "utf8");
const COLORS = [...Object.values(NAMED), ...CLASSIC].filter((color) => color.startsWith("#"));

/** The variables of a theme, by their names. */
function theme(selector: string): Record<string, string> {
  const block = CSS.slice(CSS.indexOf(`${selector} {`)).split("}")[0]!;
  return Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((found) => [found[1]!, found[2]!]));
}
const THEMES = { dark: theme(":root"), light: theme(':root[data-theme="light"]') };

test("contrast is that of WCAG", () => {
  assert.equal(contrast("#000000", "#ffffff"), 21);
  assert.equal(contrast("#777777", "#ffffff").toFixed(2), "4.48");
  assert.equal(contrast("#5794f2", "#5794f2"), 1);
});

for (const [name, colors] of Object.entries(THEMES)) {
  const grounds = ["canvas", "panel", "raised"].map((ground) => colors[ground]!);

  test(`in the ${name} theme every text can be read on every ground, and every edge of a field be seen`, () => {
    for (const ground of grounds) {
      for (const text of ["text", "text-max", "text-2", "link", "brand", "ok", "warn", "bad"]) {
        assert.ok(contrast(colors[text]!, ground) >= 4.5, `${text} on ${ground}: ${contrast(colors[text]!, ground)}`);
      }
      assert.ok(contrast(colors.control!, ground) >= 3, `control on ${ground}`);
    }
  });

  test(`in the ${name} theme every colour of Grafana's is seen as a line and read as a text`, () => {
    for (const color of COLORS) {
      const [line, text] = [3, 4.5].map((least) => contrasting(color, colors.raised!, least)) as [string, string];
      for (const ground of grounds) {
        assert.ok(contrast(line, ground) >= 3, `${color} became ${line} on ${ground}`);
        assert.ok(contrast(text, ground) >= 4.5, `${color} became ${text} on ${ground}`);
      }
    }
  });
}

test("a colour that stands out already stays as it is, and what is no colour does too", () => {
  assert.equal(contrasting("#73BF69", "#22252b", 3), "#73BF69");
  assert.equal(contrasting("var(--text)", "#22252b", 3), "var(--text)");
});

test("text on a colour can be read, on its shade as well", () => {
  for (const color of COLORS) {
    const ink = readableOn(color);
    const shade = /rgb\([^)]+\)/.exec(shaded(color))![0];
    assert.ok(contrast(ink, color) >= 4.5, color);
    assert.ok(contrast(ink, shade) >= 4.5, `${color} shaded`);
  }
});
