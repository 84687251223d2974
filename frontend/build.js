// Bundles src/ into src/enishi/web/static/dist with content hashes in the file names, and writes the
// manifest the `asset` template tag reads and the icon shapes the `icon` tag draws from.
import { build } from "esbuild";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.env.ENISHI_DIST || join(here, "../src/enishi/web/static/dist");
const readable = process.argv.includes("--readable");

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

const common = {
  outdir: out,
  bundle: true,
  target: ["es2022", "safari16"],
  minify: !readable,
  sourcemap: readable,
  metafile: true,
  legalComments: "linked",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file" },
  logLevel: "warning",
};
const results = await Promise.all([
  build({ ...common, entryPoints: { app: join(here, "src/app.js") }, splitting: true, format: "esm" }),
  // The theme must run before the first paint, so it is a plain script, not a module.
  build({ ...common, entryPoints: { theme: join(here, "src/theme.js") }, format: "iife" }),
]);

const manifest = {};
for (const [file, meta] of results.flatMap((result) => Object.entries(result.metafile.outputs))) {
  if (!meta.entryPoint) continue;
  manifest[basename(meta.entryPoint)] = basename(file);
  if (meta.cssBundle) manifest["app.css"] = basename(meta.cssBundle);
}
await writeFile(join(out, "manifest.json"), JSON.stringify(manifest, null, 1));

const shapes = JSON.parse(
  await readFile(join(here, "node_modules/@tabler/icons/tabler-nodes-outline.json"), "utf8"),
);
await writeFile(join(out, "icons.json"), JSON.stringify(shapes));
