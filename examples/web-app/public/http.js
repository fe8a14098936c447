/** Calls of the app's own routes; an error is the sentence that the server gave. */

export async function call(method, path, body) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const type = answer.headers.get("Content-Type") ?? "";
  const said = type.startsWith("application/json") ? await answer.json() : await answer.text();
  if (!answer.ok) throw new Error(said.error ?? said ?? answer.statusText);
  return said;
}

export const jobOf = (id) => call("GET", `/api/jobs/${id}`);

/** Uploads to where the server says: its own folder, or the bucket itself. */
export async function upload(file) {
  const contentType = file.type || "audio/mpeg";
  const { url, method, headers, ticket } = await call("POST", "/api/uploads", { name: file.name, bytes: file.size, contentType });
  const answer = await fetch(url, { method, headers, body: file });
  if (!answer.ok) throw new Error("The upload was refused.");
  return call("POST", "/api/recordings", { ticket, name: file.name });
}
