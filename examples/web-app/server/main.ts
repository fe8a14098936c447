/** The server: the routes, the page, and the two libraries that it loads. */
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { app, recordings } from "./app.js";
import { settings } from "./settings.js";

const here = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const library = (name: string) => serveStatic({ path: here(`node_modules/${name}`) });

app.get("/lib/wavesurfer.js", library("wavesurfer.js/dist/wavesurfer.esm.js"));
app.get("/lib/regions.js", library("wavesurfer.js/dist/plugins/regions.esm.js"));
app.get("/lib/audioprep/:file{[a-z0-9]+\\.js}", (c, next) =>
  library(`@audioprep/client/dist/${c.req.param("file")}`)(c, next),
);
app.get("/*", serveStatic({ root: here("public") }));

await recordings.migrate();
serve({ fetch: app.fetch, port: settings.port, hostname: "127.0.0.1" }, ({ port }) =>
  console.log(`web app      http://127.0.0.1:${port}`),
);
