/** The editor: waveform, one clip with volume and fades, a preview that follows, save and download. */
import { followJob, toWavesurfer } from "@audioprep/client";
import Regions from "regions";
import WaveSurfer from "wavesurfer.js";
import { call, jobOf } from "./http.js";

const $ = (selector) => document.querySelector(selector);
const form = $("#clip");
let wave = null;
let open = null; // the recording in the editor

export async function openEditor(recording, name) {
  const [{ result }, peaks] = await Promise.all([jobOf(recording), call("GET", `/api/recordings/${recording}/peaks`)]);
  open = { recording, name };
  $("#editor").hidden = false;
  $("#title").textContent = name;
  $("#download").hidden = true;
  wave?.destroy();
  const regions = Regions.create();
  wave = WaveSurfer.create({
    container: "#waveform",
    url: `/api/recordings/${recording}/audio`,
    ...toWavesurfer(peaks, result.metadata.duration),
    normalize: true, // also a quiet recording fills the height
    plugins: [regions],
  });
  form.reset();
  form.endTime.value = result.metadata.duration.toFixed(2);
  form.startTime.value = "0";
  const region = regions.addRegion({ start: 0, end: result.metadata.duration, color: "rgb(37 99 235 / 15%)" });
  region.on("update", () => {
    form.startTime.value = region.start.toFixed(2);
    form.endTime.value = region.end.toFixed(2);
    void preview();
  });
  form.oninput = (event) => {
    if (["startTime", "endTime"].includes(event.target.name)) {
      region.setOptions({ start: Number(form.startTime.value), end: Number(form.endTime.value) });
    }
    void preview();
  };
  void preview();
}

function edit() {
  const { loudness, format } = form;
  const field = (name) => Number(form[name].value);
  const names = ["startTime", "endTime", "volume", "fadeIn", "fadeOut"];
  return {
    clips: [Object.fromEntries(names.map((name) => [name, field(name)]))],
    options: {
      ...(loudness.value ? { normalize: true, targetLufs: Number(loudness.value), truePeak: -1 } : {}),
      ...(format.value === "aac" ? { outputFormat: "aac" } : {}),
    },
  };
}

/** Asks at once, one request at a time: the newest supersedes the ones before it on the server, and its sound is taken. */
async function preview() {
  const editing = open;
  editing.wanted = JSON.stringify(edit());
  if (editing.asking) return; // asked again when the answer is there
  editing.asking = true;
  try {
    while (editing.wanted !== editing.asked) {
      editing.asked = editing.wanted;
      const { jobId } = await call("POST", `/api/recordings/${editing.recording}/previews`, JSON.parse(editing.asked));
      editing.job = jobId;
      void play(editing, jobId);
    }
  } catch (error) {
    $("#preview-state").textContent = error.message;
  } finally {
    editing.asking = false;
  }
}

async function play(editing, jobId) {
  try {
    for await (const job of followJob(() => jobOf(jobId), { first: 250 })) {
      if (open !== editing || editing.job !== jobId) return; // there is a newer one
      $("#preview-state").textContent = job.status === "failed" ? job.error : `preview: ${Math.round(job.progress)} %`;
      if (job.status !== "complete") continue;
      $("#preview").src = `/api/jobs/${jobId}/file`;
      $("#preview-state").textContent = "preview: ready";
    }
  } catch (error) {
    $("#preview-state").textContent = error.message;
  }
}

form.onsubmit = async (event) => {
  event.preventDefault();
  const link = $("#download");
  link.hidden = true;
  const { recording, name } = open;
  const wanted = edit();
  try {
    const { jobId } = await call("POST", `/api/recordings/${recording}/saves`, wanted);
    for await (const job of followJob(() => jobOf(jobId))) {
      $("#preview-state").textContent = job.status === "failed" ? job.error : `save: ${Math.round(job.progress)} %`;
      if (job.status !== "complete") continue;
      const extension = wanted.options.outputFormat === "aac" ? "m4a" : "wav";
      const file = `${name.replace(/\.\w+$/, "")} (edited).${extension}`;
      link.href = `/api/jobs/${jobId}/file?name=${encodeURIComponent(file)}`;
      link.hidden = false;
      $("#preview-state").textContent = "save: ready";
    }
  } catch (error) {
    $("#preview-state").textContent = error.message;
  }
};
