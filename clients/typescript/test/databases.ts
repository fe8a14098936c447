/** The clients that an app may have, each on the same database. */
import { createClient } from "@libsql/client";
import type { Database } from "../src/index.js";

export interface Opened {
  database: Database;
  close: () => void;
}

/** `driver` is `libsql`, `serverless`, `better-sqlite3`, or `sync`: the last with better-sqlite3's interface, of the package `libsql`. */
export async function openDatabase(url: string, driver: string): Promise<Opened> {
  if (driver === "libsql") {
    const database = createClient({ url, timeout: 5_000 });
    return { database, close: () => database.close() };
  }
  if (driver === "serverless") {
    const { connect } = await import("@tursodatabase/serverless");
    const database = connect({ url });
    return { database, close: () => void database.close() };
  }
  const name = driver === "sync" ? "libsql" : driver;
  const { default: Synchronous } = await import(name);
  const database = new Synchronous(url.replace(/^file:/, ""), { timeout: 5_000 });
  return { database, close: () => database.close() };
}
