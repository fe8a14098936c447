/** Presigned URLs of S3 and compatible stores (R2, SeaweedFS, MinIO): AWS Signature Version 4 in the query. */
import { bytesOf, hex, hmac, sha256 } from "./encoding.js";
import { keys } from "./keys.js";

export interface Bucket {
  /** `https://s3.eu-central-1.amazonaws.com`, `https://ACCOUNT.r2.cloudflarestorage.com`; the bucket comes into the path. */
  endpoint: string;
  bucket: string;
  /** The path of `AUDIOPREP_STORAGE_URL` behind the bucket, if it has one. */
  prefix?: string | undefined;
  /** `auto` on R2. */
  region?: string | undefined;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

export interface UploadInput {
  /** The file's name; only its extension is used. */
  name: string;
  /** The exact size: an upload of any other is refused by the store. */
  bytes: number;
  contentType: string;
  /** Seconds for which the URL works. */
  expires?: number;
  /** The most bytes that your app takes. */
  maxBytes?: number;
  /** The folder of `AUDIOPREP_UPLOADS_PREFIX`. */
  folder?: string;
}

export interface Upload {
  url: string;
  method: "PUT";
  /** Send these; a browser adds `Content-Length` itself. */
  headers: { "Content-Type": string };
  /** For `metadata.storageKey` of the ingest. */
  storageKey: string;
}

/** An upload by the browser itself: key, size and type are bound into the signature. */
export async function signUpload(bucket: Bucket, input: UploadInput, now = new Date()): Promise<Upload> {
  const { name, bytes, contentType, expires = 900, maxBytes = 100_000_000, folder } = input;
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > maxBytes) {
    throw new RangeError(`The upload must have 1 to ${maxBytes} bytes.`);
  }
  const storageKey = keys.upload(name, folder);
  const signed = { "content-length": String(bytes), "content-type": contentType };
  const url = await presign(bucket, "PUT", storageKey, { expires, signed, query: {} }, now);
  return { url, method: "PUT", headers: { "Content-Type": contentType }, storageKey };
}

/** A download, also in ranges; with `filename` the browser saves it under that name. */
export async function signDownload(
  bucket: Bucket,
  key: string,
  { expires = 900, filename }: { expires?: number; filename?: string } = {},
  now = new Date(),
): Promise<string> {
  const disposition = filename && `attachment; filename*=UTF-8''${escaped(filename)}`;
  const query: Record<string, string> = disposition ? { "response-content-disposition": disposition } : {};
  return presign(bucket, "GET", key, { expires, signed: {}, query }, now);
}

/** Removes an object, with a DELETE that the app's server sends. */
export const signDelete = (bucket: Bucket, key: string, now = new Date()): Promise<string> =>
  presign(bucket, "DELETE", key, { expires: 60, signed: {}, query: {} }, now);

interface Terms {
  expires: number;
  signed: Record<string, string>;
  query: Record<string, string>;
}

async function presign(bucket: Bucket, method: string, key: string, terms: Terms, now: Date): Promise<string> {
  const { region = "us-east-1", accessKeyId, secretAccessKey, sessionToken } = bucket;
  const url = new URL(bucket.endpoint);
  const path = [bucket.bucket, ...(bucket.prefix ?? "").split("/"), ...key.split("/")].filter(Boolean).map(escaped).join("/");
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, "");
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
  const headers = { host: url.host, ...terms.signed };
  const names = Object.keys(headers).sort();
  const query: Record<string, string> = {
    ...terms.query,
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `${accessKeyId}/${scope}`,
    "X-Amz-Date": time,
    "X-Amz-Expires": String(terms.expires),
    "X-Amz-SignedHeaders": names.join(";"),
    ...(sessionToken ? { "X-Amz-Security-Token": sessionToken } : {}),
  };
  const search = Object.keys(query)
    .sort()
    .map((name) => `${escaped(name)}=${escaped(query[name]!)}`)
    .join("&");
  const shown = names.map((name) => `${name}:${headers[name as keyof typeof headers]}\n`).join("");
  const base = url.pathname.replace(/\/$/, "");
  const request = [method, `${base}/${path}`, search, shown, names.join(";"), "UNSIGNED-PAYLOAD"].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", time, scope, await sha256(request)].join("\n");
  let signing = bytesOf(`AWS4${secretAccessKey}`);
  for (const part of scope.split("/")) signing = await hmac(signing, part);
  const signature = hex((await hmac(signing, toSign)).buffer);
  return `${url.origin}${base}/${path}?${search}&X-Amz-Signature=${signature}`;
}

/** RFC 3986, as AWS wants it. */
const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
