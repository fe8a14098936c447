/** Storage keys of an asset's files, and of uploads. */
import type { FileFormat } from "./generated.js";
import { randomId } from "./random.js";

const asset = (assetId: string, name: string) => `assets/${assetId}/${name}`;

export const keys = {
  original: (assetId: string, extension: string) => asset(assetId, `original.${extension}`),
  metadata: (assetId: string) => asset(assetId, "metadata.json"),
  peaks: (assetId: string) => asset(assetId, "peaks.json"),
  peaksDat: (assetId: string) => asset(assetId, "peaks.dat"),
  waveform: (assetId: string) => asset(assetId, "waveform.png"),
  preview: (assetId: string, recipeHash: string) => asset(assetId, `preview_${recipeHash}.mp3`),
  prepared: (assetId: string, format: FileFormat = "wav") => asset(assetId, `prepared.${format === "aac" ? "m4a" : format}`),
  loudnessPlot: (assetId: string) => asset(assetId, "loudness.png"),
  edits: (assetId: string) => asset(assetId, "edits.json"),
  /** A new key below the uploads folder, with nothing in it that a user chose but the extension. */
  upload: (filename: string, folder = "uploads/") =>
    `${folder}${randomId()}/upload${/\.[a-z0-9]{1,8}$/i.exec(filename)?.[0].toLowerCase() ?? ""}`,
};
