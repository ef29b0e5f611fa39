// Bundles src/widget.tsx and src/widget.css.  node build.mjs OUTDIR [--watch]
// The first line of each output names the sources that it was made from (a hash that hatch_build.py hands over).

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const [outdir, flag] = process.argv.slice(2);
if (!outdir || (flag && flag !== "--watch")) {
  console.error("usage: node build.mjs OUTDIR [--watch]");
  process.exit(2);
}
const mark = process.env.BRAYNS_WIDGET_SOURCES ?? "development";
const options = {
  absWorkingDir: dirname(fileURLToPath(import.meta.url)),
  entryPoints: ["src/widget.tsx", "src/widget.css"],
  outdir,
  bundle: true,
  format: "esm",
  target: ["es2022", "chrome105", "firefox110", "safari16.4"],
  minify: flag !== "--watch",
  charset: "utf8",
  logLevel: "warning",
  banner: { js: `/* brayns_widget sources ${mark} */`, css: `/* brayns_widget sources ${mark} */` },
};

if (flag === "--watch") {
  await (await context({ ...options, logLevel: "info" })).watch();
} else {
  await build(options);
}
