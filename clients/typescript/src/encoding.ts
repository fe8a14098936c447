/** Digests and HMACs by WebCrypto, in hexadecimal and base64. */
const text = new TextEncoder();

export const bytesOf = (value: string): Uint8Array<ArrayBuffer> => text.encode(value);

export const hex = (buffer: ArrayBuffer): string =>
  Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

export const sha256 = async (value: string): Promise<string> => hex(await crypto.subtle.digest("SHA-256", bytesOf(value)));

export const fromBase64 = (value: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(value), (char) => char.charCodeAt(0));

export const hmacKey = (key: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);

export async function hmac(key: Uint8Array<ArrayBuffer>, value: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", await hmacKey(key), bytesOf(value)));
}
