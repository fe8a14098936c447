/** Random ids. */
export const randomId = (): string => crypto.randomUUID();
