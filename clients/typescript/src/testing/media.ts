/** Tiny real files, without ffmpeg: they play, and are of the format that their key says. */

const RATE = 44_100;
const SILENT_FRAME = [0xff, 0xfb, 0x90, 0xc4, ...new Array<number>(413).fill(0)]; // MPEG-1 layer III, 128 kbit/s, mono

/** A tone that swells and fades, 16 or 24 bit, mono. */
export function wav(seconds: number, bits: 16 | 24 = 16): Uint8Array {
  const count = Math.round(seconds * RATE);
  const width = bits / 8;
  const view = new DataView(new ArrayBuffer(44 + width * count));
  const text = (at: number, word: string) => [...word].forEach((char, index) => view.setUint8(at + index, char.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + width * count, true);
  text(8, "WAVEfmt ");
  for (const [at, value] of [[16, 16], [24, RATE], [28, width * RATE], [40, width * count]] as const) view.setUint32(at, value, true);
  for (const [at, value] of [[20, 1], [22, 1], [32, width], [34, bits]] as const) view.setUint16(at, value, true);
  text(36, "data");
  for (let n = 0; n < count; n++) {
    const swell = Math.sin((Math.PI * n) / count);
    view.setInt16(44 + width * n + width - 2, Math.sin((2 * Math.PI * 440 * n) / RATE) * swell * 16_000, true);
  }
  return new Uint8Array(view.buffer);
}

/** Silence. */
export function mp3(seconds: number): Uint8Array {
  const frames = Math.max(Math.ceil((seconds * RATE) / 1152), 1);
  return Uint8Array.from({ length: frames * SILENT_FRAME.length }, (_, at) => SILENT_FRAME[at % SILENT_FRAME.length]!);
}

const decoded = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

/** A tenth of a second of silence, AAC. */
export const m4a = (): Uint8Array => decoded(M4A);

/** The same, FLAC and Opus in Ogg. */
export const flac = (): Uint8Array => decoded(FLAC);
export const opus = (): Uint8Array => decoded(OPUS);

/** One pixel. */
export const png = (): Uint8Array =>
  decoded("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

/** `peaks.json` of the tone. */
export function peaks(seconds: number): number[] {
  const pairs = Math.max(Math.ceil(seconds * 50), 1);
  return Array.from({ length: pairs }, (_, n) => {
    const high = Number((Math.sin((Math.PI * (n + 0.5)) / pairs) / 2).toFixed(4));
    return [-high, high];
  }).flat();
}

/** `peaks.dat` of the tone: audiowaveform's binary form, version 2, 8 bit. */
export function peaksDat(seconds: number): Uint8Array {
  const perPixel = 256;
  const pixels = Math.max(Math.ceil((seconds * RATE) / perPixel), 1);
  const view = new DataView(new ArrayBuffer(24 + 2 * pixels));
  [2, 1, RATE, perPixel, pixels, 1].forEach((value, index) => view.setInt32(4 * index, value, true));
  for (let n = 0; n < pixels; n++) {
    const high = Math.floor((Math.sin((Math.PI * (n + 0.5)) / pixels) * 16_000) / 256);
    view.setInt8(24 + 2 * n, -high);
    view.setInt8(25 + 2 * n, high);
  }
  return new Uint8Array(view.buffer);
}

/** Sample rate, channels and seconds of a WAV file in its plainest form; null for any other. */
export function readWav(bytes: Uint8Array): { sampleRate: number; channels: number; duration: number } | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 44 || word(0) !== "RIFF" || word(8) !== "WAVE") return null;
  const form = { sampleRate: 0, channels: 0, perSecond: 0 };
  for (let at = 12; at + 8 <= bytes.length; at += 8 + view.getUint32(at + 4, true) + (view.getUint32(at + 4, true) % 2)) {
    if (word(at) === "fmt ") {
      form.channels = view.getUint16(at + 10, true);
      form.sampleRate = view.getUint32(at + 12, true);
      form.perSecond = view.getUint32(at + 16, true);
    } else if (word(at) === "data" && form.perSecond) {
      const { sampleRate, channels } = form;
      return { sampleRate, channels, duration: Math.min(view.getUint32(at + 4, true), bytes.length - at - 8) / form.perSecond };
    }
  }
  return null;
}

const M4A = "AAAAHGZ0eXBNNEEgAAACAE00QSBpc29taXNvMgAAAu5tb292AAAAbG12aGQAAAAAAAAAAAAAAAAAAAPoAAAAZAABAAABAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAACPXRyYWsAAABcdGtoZAAAAAMAAAAAAAAAAAAAAAEAAAAAAAAAZAAAAAAAAAAAAAAAAQEAAAAAAQAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAACRlZHRzAAAAHGVsc3QAAAAAAAAAAQAAAGQAAAQAAAEAAAAAAbVtZGlhAAAAIG1kaGQAAAAAAAAAAAAAAAAAAKxEAAAVOlXEAAAAAAAtaGRscgAAAAAAAAAAc291bgAAAAAAAAAAAAAAAFNvdW5kSGFuZGxlcgAAAAFgbWluZgAAABBzbWhkAAAAAAAAAAAAAAAkZGluZgAAABxkcmVmAAAAAAAAAAEAAAAMdXJsIAAAAAEAAAEkc3RibAAAAGpzdHNkAAAAAAAAAAEAAABabXA0YQAAAAAAAAABAAAAAAAAAAAAAgAQAAAAAKxEAAAAAAA2ZXNkcwAAAAADgICAJQABAASAgIAXQBUAAAAAAH0AAAAKZQWAgIAFEghW5QAGgICAAQIAAAAgc3R0cwAAAAAAAAACAAAABQAABAAAAAABAAABOgAAABxzdHNjAAAAAAAAAAEAAAABAAAABgAAAAEAAAAsc3RzegAAAAAAAAAAAAAABgAAABUAAAAEAAAABAAAAAQAAAAEAAAABAAAABRzdGNvAAAAAAAAAAEAAAMaAAAAGnNncGQBAAAAcm9sbAAAAAIAAAAB//8AAAAcc2JncAAAAAByb2xsAAAAAQAAAAYAAAABAAAAPXVkdGEAAAA1bWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAbWRpcmFwcGwAAAAAAAAAAAAAAAAIaWxzdAAAAAhmcmVlAAAAMW1kYXTeAgBMYXZjNTkuMzcuMTAwAAIwQA4BGCAHARggBwEYIAcBGCAHARggBw==";
const FLAC = "ZkxhQ4AAACISABIAAAANAAANCsRA8AAAETrqd1mm6BHm3yxYfVK3laE2//h5CAAROYwAAADEDQ==";
const OPUS = "T2dnUwACAAAAAAAAAAAAAAAAAAAAAAIotXIBE09wdXNIZWFkAQE4AYC7AAAAAABPZ2dTAAAAAAAAAAAAAAAAAAABAAAASZW+VAEuT3B1c1RhZ3MGAAAAZmZtcGVnAQAAABQAAABlbmNvZGVyPUxhdmMgbGlib3B1c09nZ1MABPgTAAAAAAAAAAAAAAIAAADmyWdrBg8REhISEngL5ME27MWNjElGmaQmsHgHyXIn4UTqVfHwwNXd6VJgeAfJecjJV8CiEiP672fzZMDgeAfJecjJV8CiEiP672fzZMDgeAfJecjJV8CiEiP672fzZMDgeAfJecjJV8CiEiP672fzZMDg";
