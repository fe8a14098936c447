/** `peaks.json` in the forms that waveform libraries take. */

const PAIRS_PER_SECOND = 50;

/** Waveform data of audiowaveform, version 2, 8 bit. */
export interface WaveformJson {
  version: 2;
  channels: 1;
  sample_rate: number;
  samples_per_pixel: number;
  bits: 8;
  length: number;
  data: number[];
}

/** For Peaks.js (`waveformData: { json }`) and waveform-data.js (`WaveformData.create`). `zoomLevels` begin at `samples_per_pixel`. */
export function toPeaksJs(peaks: readonly number[], sampleRate: number): WaveformJson {
  const perPixel = Math.round(sampleRate / PAIRS_PER_SECOND);
  return {
    version: 2,
    channels: 1,
    sample_rate: perPixel * PAIRS_PER_SECOND, // 50 windows a second, also where that does not divide the rate
    samples_per_pixel: perPixel,
    bits: 8,
    length: peaks.length / 2,
    data: peaks.map((value) => Math.max(-128, Math.min(127, Math.round(value * 127)))),
  };
}

/** For wavesurfer.js: `WaveSurfer.create({ url, ...toWavesurfer(peaks, duration) })`. */
export function toWavesurfer(peaks: readonly number[], duration: number): { peaks: [number[], number[]]; duration: number } {
  const highs = peaks.filter((_, index) => index % 2 === 1);
  const lows = peaks.filter((_, index) => index % 2 === 0);
  return { peaks: [highs, lows], duration };
}
