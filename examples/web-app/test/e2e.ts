/**
 * The app in two browsers, end to end. APP_URL is the running app, RECORDING a file to upload, LONG one that takes a while,
 * DOWNLOADS a folder for what is downloaded, PICTURES one for screenshots if they are wanted. Prints what it found as JSON.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";

const { APP_URL = "http://127.0.0.1:3000", RECORDING = "", LONG = "", DOWNLOADS = ".", PICTURES } = process.env;
const SLOW = 60_000;

async function open(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 960, height: 820 }, acceptDownloads: true });
  context.setDefaultTimeout(SLOW);
  const page = await context.newPage();
  page.on("pageerror", (error) => assert.fail(error));
  await page.goto(APP_URL);
  await page.locator("body[data-ready]").waitFor();
  return page;
}

const rowOf = (page: Page, name: string): Locator => page.locator("#recordings li", { hasText: name }).first();
const stateIs = (row: Locator, text: string) => row.locator(".state", { hasText: text }).waitFor();
const picture = (page: Page, name: string) => PICTURES && page.screenshot({ path: join(PICTURES, `${name}.png`) });
const previewIs = (page: Page, text: string) => page.locator("#preview-state", { hasText: text }).waitFor();

/** Calls a route as the user of the page; its status. */
const status = (page: Page, path: string, method = "GET", body?: unknown): Promise<number> =>
  page.evaluate(
    async ([path, method, body]) => {
      const headers = { "Content-Type": "application/json" };
      return (await fetch(path!, { method: method!, headers, ...(body ? { body } : {}) })).status;
    },
    [path, method, body ? JSON.stringify(body) : undefined] as const,
  );

async function uploadAndEdit(page: Page): Promise<string> {
  await page.locator("#file").setInputFiles(RECORDING);
  const row = rowOf(page, "tone.wav");
  await stateIs(row, "ready");
  assert.equal(await row.locator("progress").evaluate((bar: HTMLProgressElement) => bar.value), 100);
  await picture(page, "web-app-list");
  await row.locator(".edit").click();
  await page.locator("#waveform canvas").first().waitFor({ state: "attached" });
  await previewIs(page, "preview: ready");
  const [own] = (await page.evaluate(async () => (await fetch("/api/recordings")).json())) as { jobId: string }[];
  return own!.jobId;
}

/** Drags the end of the clip: eight moves, each asks for a preview. */
async function drag(page: Page): Promise<number> {
  for (let n = 0; n < 8; n++) await page.locator("[name=endTime]").fill(String(3 + n / 10));
  await page.locator("[name=endTime]").fill("2.5");
  await page.waitForFunction(() => Math.abs(document.querySelector("audio")!.duration - 2.5) < 0.15);
  return page.evaluate(() => document.querySelector("audio")!.duration);
}

async function save(page: Page): Promise<string> {
  await page.locator("[name=fadeOut]").fill("0.5");
  await page.locator("[name=volume]").fill("0.5");
  await page.locator("[name=loudness]").selectOption("-16");
  await previewIs(page, "preview: ready");
  await picture(page, "web-app-editor");
  await page.locator("button[type=submit]").click();
  const downloading = page.waitForEvent("download");
  await page.locator("#download").click();
  const download = await downloading;
  const path = join(DOWNLOADS, "saved.wav");
  assert.equal(download.suggestedFilename(), "tone (edited).wav");
  await download.saveAs(path);
  return path;
}

/** What another user may not see, nor touch. */
async function refused(page: Page, recording: string): Promise<number[]> {
  const edit = { clips: [{ startTime: 0, endTime: 1 }], options: {} };
  return [
    await status(page, `/api/jobs/${recording}`),
    await status(page, `/api/jobs/${recording}/file`),
    await status(page, `/api/jobs/${recording}/cancel`, "POST"),
    await status(page, `/api/recordings/${recording}/audio`),
    await status(page, `/api/recordings/${recording}/peaks`),
    await status(page, `/api/recordings/${recording}/previews`, "POST", edit),
    await status(page, `/api/recordings/${recording}/saves`, "POST", edit),
    await status(page, `/api/recordings/${recording}`, "DELETE"),
  ];
}

async function cancel(page: Page): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    await page.locator("#file").setInputFiles(LONG);
    const row = rowOf(page, "long.wav");
    await row.locator(".cancel").click({ timeout: 5_000 }).catch(() => undefined);
    await row.locator(".state", { hasText: /cancelled|ready/ }).waitFor();
    if ((await row.locator(".state").textContent()) === "cancelled") return;
  }
  assert.fail("every job was quicker than the cancel");
}

const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
let shown: Page[] = [];
try {
  const [first, second] = [await open(browser), await open(browser)];
  shown = [first, second];
  const recording = await uploadAndEdit(first);
  const duration = await drag(first);
  const path = await save(first);

  assert.equal(await second.locator("#recordings li").count(), 0);
  assert.deepEqual(new Set(await refused(second, recording)), new Set([404]));
  await second.locator("#file").setInputFiles(RECORDING);
  await stateIs(rowOf(second, "tone.wav"), "ready");
  assert.equal(await first.locator("#recordings li").count(), 1);

  const asset = await first.evaluate(
    async (id) => ((await (await fetch(`/api/jobs/${id}`)).json()) as { result: { assetId: string } }).result.assetId,
    recording,
  );
  await cancel(second);
  await rowOf(first, "tone.wav").locator(".remove").click();
  await first.locator("#recordings li").first().waitFor({ state: "detached" });
  assert.equal(await status(first, `/api/recordings/${recording}/audio`), 404);
  console.log(JSON.stringify({ asset, duration, path }));
} catch (error) {
  for (const page of shown) console.error(await page.locator("body").innerText());
  throw error;
} finally {
  await browser.close();
}
