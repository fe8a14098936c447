/** Storage of the fake bridge: a folder as `file:PATH` has it, or memory. */
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface Files {
  read(key: string): Promise<Uint8Array | null>;
  write(key: string, content: Uint8Array | string, contentType: string): Promise<void>;
  remove(key: string): Promise<void>;
  /** Keys and sizes of the objects in a folder. */
  list(folder: string): Promise<{ key: string; size: number }[]>;
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
    list: async (folder) => {
      const names = await readdir(join(path, folder)).catch(() => []);
      return Promise.all(names.map(async (name) => ({ key: `${folder}/${name}`, size: (await stat(join(path, folder, name))).size })));
    },
  };
}

/** For unit tests; `stored` has the objects by key. */
export function memory(stored = new Map<string, Uint8Array>()): Files & { stored: Map<string, Uint8Array> } {
  return {
    stored,
    read: async (key) => stored.get(key) ?? null,
    write: async (key, content) => void stored.set(key, typeof content === "string" ? new TextEncoder().encode(content) : content),
    remove: async (key) => void stored.delete(key),
    list: async (folder) =>
      [...stored].filter(([key]) => key.startsWith(`${folder}/`)).map(([key, content]) => ({ key, size: content.length })),
  };
}
