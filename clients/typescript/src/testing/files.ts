/** Storage of the fake bridge: a folder as `file:PATH` has it, or memory. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface Files {
  read(key: string): Promise<Uint8Array | null>;
  write(key: string, content: Uint8Array | string, contentType: string): Promise<void>;
  remove(key: string): Promise<void>;
}

/** The folder of `AUDIOPREP_STORAGE_URL=file:PATH`. */
export function folder(path: string): Files {
  return {
    read: (key) => readFile(join(path, key)).catch(() => null),
    write: async (key, content) => {
      await mkdir(dirname(join(path, key)), { recursive: true });
      await writeFile(join(path, key), content);
    },
    remove: (key) => rm(join(path, key), { force: true }),
  };
}

/** For unit tests; `stored` has the objects by key. */
export function memory(stored = new Map<string, Uint8Array>()): Files & { stored: Map<string, Uint8Array> } {
  return {
    stored,
    read: async (key) => stored.get(key) ?? null,
    write: async (key, content) => void stored.set(key, typeof content === "string" ? new TextEncoder().encode(content) : content),
    remove: async (key) => void stored.delete(key),
  };
}
