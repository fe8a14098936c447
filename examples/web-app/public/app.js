/** The list: upload, place in the queue, one bar, cancel, delete. */
import { followJob } from "@audioprep/client";
import { openEditor } from "./editor.js";
import { call, jobOf, upload } from "./http.js";

const $ = (selector, root = document) => root.querySelector(selector);
const list = $("#recordings");
export const say = (sentence) => ($("#message").textContent = sentence);

const STAGES = { queued: "about to begin", downloading: "reading", analyzing: "analysing", finalizing: "finishing" };

/** One sentence about a job, as it is now. */
function stateOf({ status, stage, queue, error, failure }) {
  if (status === "pending") {
    const { ahead, seconds } = queue ?? { ahead: 0, seconds: null };
    return `${ahead} ahead${seconds ? `, about ${seconds} s` : ""}`;
  }
  if (status === "processing") return STAGES[stage] ?? stage;
  if (status === "failed") return failure.kind === "BotCheck" ? "The site refuses us: please upload the file." : error;
  return status === "complete" ? "ready" : "cancelled";
}

function show({ jobId, name }) {
  const row = $("#row").content.cloneNode(true).firstElementChild;
  $(".name", row).textContent = name;
  $(".cancel", row).onclick = () => call("POST", `/api/jobs/${jobId}/cancel`).catch((error) => say(error.message));
  $(".edit", row).onclick = () => openEditor(jobId, name).catch((error) => say(error.message));
  $(".remove", row).onclick = async () => {
    try {
      await call("DELETE", `/api/recordings/${jobId}`);
      row.remove();
      $("#editor").hidden = true;
    } catch (error) {
      say(error.message);
    }
  };
  void follow(row, jobId);
  return row;
}

async function follow(row, jobId) {
  try {
    for await (const job of followJob(() => jobOf(jobId))) {
      $("progress", row).value = job.progress;
      $(".state", row).textContent = stateOf(job);
      const ended = job.status !== "pending" && job.status !== "processing";
      $(".cancel", row).hidden = ended;
      $(".edit", row).hidden = job.status !== "complete";
      $(".remove", row).hidden = !ended;
    }
  } catch (error) {
    $(".state", row).textContent = error.message;
  }
}

$("#file").onchange = async ({ target }) => {
  const [file] = target.files;
  target.value = "";
  say("");
  try {
    const { jobId } = await upload(file);
    list.prepend(show({ jobId, name: file.name }));
  } catch (error) {
    say(error.message);
  }
};

for (const recording of await call("GET", "/api/recordings")) list.append(show(recording));
document.body.dataset.ready = "yes";
