/** Storage as the browser reaches it: through this server on a local folder, by presigned URLs on S3. */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { type Bucket, keys, signDownload, signUpload, type Upload } from "@audioprep/client";
import { settings } from "./settings.js";
import { signed, verified } from "./signing.js";

export interface FileInput {
  name: string;
  bytes: number;
  contentType: string;
}

export interface Storage {
  /** Where the browser is to PUT a file of exactly this size and type. */
  upload(file: FileInput): Promise<Upload>;
  /** An answer with the object, or with a redirect to it. */
  download(key: string, request: Request, filename?: string): Promise<Response>;
}

const TYPES: Record<string, string> = { mp3: "audio/mpeg", m4a: "audio/mp4", wav: "audio/wav", json: "application/json" };

/** The folder of `file:PATH`: for development. */
export class LocalStorage implements Storage {
  constructor(private readonly folder: string) {}

  async upload({ name, bytes, contentType }: FileInput): Promise<Upload> {
    const storageKey = keys.upload(name);
    const url = `/api/uploads/${signed(JSON.stringify({ storageKey, bytes, contentType }))}`;
    return { url, method: "PUT", headers: { "Content-Type": contentType }, storageKey };
  }

  /** Takes the body of an upload. False if the token is not ours, or the size is another one. */
  async take(token: string, body: ReadableStream | null): Promise<boolean> {
    const text = verified(token);
    if (!text || !body) return false;
    const { storageKey, bytes } = JSON.parse(text) as { storageKey: string; bytes: number };
    const target = resolve(this.folder, storageKey);
    const part = `${target}.part`;
    await mkdir(dirname(target), { recursive: true });
    let count = 0;
    const limited = async function* (blocks: AsyncIterable<Uint8Array>) {
      for await (const block of blocks) {
        count += block.length;
        if (count > bytes) throw new Error("larger than it was to be");
        yield block;
      }
    };
    try {
      await pipeline(Readable.fromWeb(body), limited, createWriteStream(part));
      if (count !== bytes) throw new Error("smaller than it was to be");
      await rename(part, target); // whole or not at all
      return true;
    } catch {
      await rm(part, { force: true });
      return false;
    }
  }

  /** With ranges, which players need to seek. */
  async download(key: string, request: Request, filename?: string): Promise<Response> {
    const path = resolve(this.folder, key);
    const size = await stat(path).then((found) => found.size, () => -1);
    if (size < 0) return new Response("There is no such file.", { status: 404 });
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "") ?? [];
    const start = Number(from ?? 0);
    const end = Math.min(to ? Number(to) : size - 1, size - 1);
    if (start > end) return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${size}` } });
    const headers: Record<string, string> = {
      "Accept-Ranges": "bytes",
      "Cache-Control": "private, max-age=60",
      "Content-Length": String(end - start + 1),
      "Content-Type": TYPES[key.split(".").at(-1)!] ?? "application/octet-stream",
      "X-Content-Type-Options": "nosniff",
    };
    if (from) headers["Content-Range"] = `bytes ${start}-${end}/${size}`;
    if (filename) headers["Content-Disposition"] = `attachment; filename*=UTF-8''${encodeURIComponent(filename)}`;
    const body = Readable.toWeb(createReadStream(path, { start, end })) as unknown as BodyInit;
    return new Response(body, { status: from ? 206 : 200, headers });
  }
}

/** A bucket of S3 or a compatible store: no audio passes through this server. */
export class BucketStorage implements Storage {
  constructor(private readonly bucket: Bucket) {}

  upload = (file: FileInput) => signUpload(this.bucket, { ...file, maxBytes: settings.maxBytes });

  async download(key: string, _request: Request, filename?: string): Promise<Response> {
    const location = await signDownload(this.bucket, key, filename ? { filename } : {});
    return new Response(null, { status: 302, headers: { Location: location, "Cache-Control": "private, max-age=600" } });
  }
}

export function openStorage(url: string, env = process.env): LocalStorage | BucketStorage {
  const { protocol, host, pathname } = new URL(url);
  if (protocol === "file:") return new LocalStorage(resolve(url.slice("file:".length)));
  const region = env.AWS_REGION ?? "us-east-1";
  return new BucketStorage({
    endpoint: env.AWS_ENDPOINT_URL ?? `https://s3.${region}.amazonaws.com`,
    bucket: host,
    prefix: pathname.slice(1),
    region,
    accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
    sessionToken: env.AWS_SESSION_TOKEN,
  });
}
