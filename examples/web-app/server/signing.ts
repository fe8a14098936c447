/** Signed text: what comes back unchanged from a browser is what this server gave out. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { settings } from "./settings.js";

const codeOf = (text: string) => createHmac("sha256", settings.secret).update(text).digest("base64url");

export const signed = (text: string): string => `${Buffer.from(text).toString("base64url")}.${codeOf(text)}`;

/** The text, or null if it was not signed here. */
export function verified(token: string | undefined): string | null {
  const [encoded = "", code = ""] = (token ?? "").split(".");
  const text = Buffer.from(encoded, "base64url").toString();
  const [given, wanted] = [Buffer.from(code), Buffer.from(codeOf(text))];
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? text : null;
}
