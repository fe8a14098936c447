/** Webhooks: the signature of the Standard Webhooks specification, version 1. */
import { bytesOf, fromBase64, hmacKey } from "./encoding.js";
import type { WebhookEvent } from "./generated.js";

export class WebhookError extends Error {
  override name = "WebhookError";
}

type Headers = { get(name: string): string | null } | Record<string, string | string[] | undefined>;

/**
 * The payload of a delivery whose signature is right. Throws WebhookError for every other.
 *
 * `body` is the text as it came, before JSON.parse. Give both secrets, also with a comma between, while you rotate them. Deliveries may come twice:
 * `webhook-id` stays the same for every try.
 */
export async function verifyWebhook<T = WebhookEvent>(
  body: string,
  headers: Headers,
  secrets: string | string[],
  { tolerance = 300, now = Date.now() }: { tolerance?: number; now?: number } = {},
): Promise<T> {
  const [id, timestamp, signatures] = ["id", "timestamp", "signature"].map((name) => header(headers, `webhook-${name}`));
  if (!id || !timestamp || !signatures) throw new WebhookError("A webhook- header is missing.");
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now / 1000 - Number(timestamp)) > tolerance) {
    throw new WebhookError("The webhook's time is too far from this clock.");
  }
  const signed = bytesOf(`${id}.${timestamp}.${body}`);
  for (const secret of [secrets].flat().flatMap((text) => text.split(","))) {
    const key = await hmacKey(fromBase64(secret.replace(/^whsec_/, "")));
    for (const signature of signatures.split(" ")) {
      const [version, code = ""] = signature.split(",");
      if (version === "v1" && (await crypto.subtle.verify("HMAC", key, decoded(code), signed))) return JSON.parse(body) as T;
    }
  }
  throw new WebhookError("No signature of the webhook is right.");
}

function header(headers: Headers, name: string): string | null | undefined {
  if (typeof headers.get === "function") return headers.get(name);
  const value = (headers as Record<string, string | string[] | undefined>)[name];
  return Array.isArray(value) ? value[0] : value;
}

function decoded(code: string): Uint8Array<ArrayBuffer> {
  try {
    return fromBase64(code);
  } catch {
    return new Uint8Array();
  }
}
