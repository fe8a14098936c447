// The size of the whole client as an app bundles it: minified and gzipped, in bytes. Fails above the limit.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const LIMIT = 8_000;
const bundle = async (contents) => {
  const stdin = { contents, resolveDir: "src", loader: "ts" };
  const options = { stdin, bundle: true, minify: true, format: "esm", target: "es2022", write: false, external: ["react"] };
  return gzipSync((await build(options)).outputFiles[0].contents, { level: 9 }).length;
};
const sizes = {
  "everything of @audioprep/client": await bundle('export * from "./index.ts"'),
  "the table alone": await bundle('export { audioprep } from "./index.ts"'),
  "the recipe builder and its hash": await bundle('export { buildRecipe, recipeHash } from "./index.ts"'),
  "the React hook": await bundle('export { useJob } from "./react.ts"'),
};
for (const [what, bytes] of Object.entries(sizes)) console.log(`${String(bytes).padStart(6)} bytes  ${what}`);
if (Math.max(...Object.values(sizes)) > LIMIT) throw new Error(`more than ${LIMIT} bytes minified and gzipped`);
