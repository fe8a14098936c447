/** Database connections: the app's own client, whichever it is, behind two calls. */

/** A value that SQLite binds. */
export type Value = string | number | null;
/** A row by the names of its columns. */
export type Row = Record<string, unknown>;

/** `@libsql/client`, and the compatible client of `@tursodatabase/serverless/compat`. */
export interface LibsqlClient {
  execute(statement: { sql: string; args: Value[] }): Promise<{ rows: unknown[]; rowsAffected: number }>;
  executeMultiple(sql: string): Promise<unknown>;
}

/** A connection of `@tursodatabase/serverless`. */
export interface ServerlessConnection {
  all(sql: string, ...args: Value[]): Promise<unknown[]>;
  run(sql: string, ...args: Value[]): Promise<{ changes: number }>;
}

/** `better-sqlite3`, `libsql` or Node's own `node:sqlite`: synchronous. */
export interface SynchronousDatabase {
  prepare(sql: string): {
    all(...args: Value[]): unknown[];
    run(...args: Value[]): { changes: number | bigint };
  };
}

/** An open connection to the database that holds `audio_prep_jobs`. */
export type Database = LibsqlClient | ServerlessConnection | SynchronousDatabase;

export interface Queries {
  /** The rows of a SELECT, or of a statement with RETURNING. */
  rows(sql: string, ...args: Value[]): Promise<Row[]>;
  /** How many rows a write has changed. */
  change(sql: string, ...args: Value[]): Promise<number>;
}

export function queriesOn(database: Database): Queries {
  if ("executeMultiple" in database) {
    return {
      rows: async (sql, ...args) => (await database.execute({ sql, args })).rows as Row[],
      change: async (sql, ...args) => (await database.execute({ sql, args })).rowsAffected,
    };
  }
  if ("all" in database) {
    return {
      rows: async (sql, ...args) => (await database.all(sql, ...args)) as Row[],
      change: async (sql, ...args) => (await database.run(sql, ...args)).changes,
    };
  }
  return {
    rows: async (sql, ...args) => database.prepare(sql).all(...args) as Row[],
    change: async (sql, ...args) => Number(database.prepare(sql).run(...args).changes),
  };
}
