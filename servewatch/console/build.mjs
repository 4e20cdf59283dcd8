/** Builds src/ into static/, or with --test bundles and runs the tests in test/. */

import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { spawnSync } from "node:child_process";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv.includes("--out") ? process.argv[process.argv.indexOf("--out") + 1] : join(here, "static");

/** One hash of every source file: a page that was built from other sources is noticed without Node. */
function sourcesHash() {
  const sources = readdirSync(join(here, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .concat(join(here, "package-lock.json"), join(here, "build.mjs"));
  const named = sources
    .map((file) => [file.slice(here.length + 1).replaceAll("\\", "/"), file])
    .sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const hash = createHash("sha256");
  for (const [name, file] of named) hash.update(`${name}\0`).update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}

const common = { bundle: true, format: "esm", target: "es2022", legalComments: "none", logLevel: "warning" };

/** What the page can draw, read out of the sources. */
async function profile() {
  const folder = mkdtempSync(join(tmpdir(), "console-profile-"));
  const file = join(folder, "profile.mjs");
  await build({ ...common, entryPoints: [join(here, "src/profile.ts")], outfile: file, platform: "node" });
  const found = (await import(pathToFileURL(file).href)).profile;
  rmSync(folder, { recursive: true });
  return `${JSON.stringify(found, null, 1)}\n`;
}

async function page() {
  mkdirSync(out, { recursive: true });
  for (const name of readdirSync(out)) rmSync(join(out, name));
  await build({
    ...common,
    entryPoints: { app: join(here, "src/main.ts"), style: join(here, "src/style/main.css") },
    outdir: out,
    minify: true,
    loader: { ".woff2": "copy" },
    assetNames: "[name]",
  });
  for (const name of ["index.html", "icon.svg"]) copyFileSync(join(here, "src", name), join(out, name));
  const licence = (name) => readFileSync(join(here, "node_modules", name, "LICENSE"), "utf8").trim();
  writeFileSync(
    join(out, "LICENSES.txt"),
    `Made by node build.mjs. Parts of other projects in this folder:\n\n` +
      `app.js and style.css contain uPlot.\n\n${licence("uplot")}\n\n----\n\n` +
      `inter-latin-wght-normal.woff2 is the Inter typeface.\n\n${licence("@fontsource-variable/inter")}\n`,
  );
  writeFileSync(join(out, "profile.json"), await profile());
  writeFileSync(join(out, "BUILD"), `${sourcesHash()}\n`);
}

async function tests() {
  const folder = mkdtempSync(join(tmpdir(), "console-test-"));
  const names = readdirSync(join(here, "test")).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...common,
    entryPoints: names.map((name) => join(here, "test", name)),
    outdir: folder,
    platform: "node",
    outExtension: { ".js": ".mjs" },
  });
  const files = names.map((name) => join(folder, name.replace(/\.ts$/, ".mjs")));
  const { status } = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" });
  rmSync(folder, { recursive: true });
  process.exitCode = status ?? 1;
}

await (process.argv.includes("--test") ? tests() : page());
