// Reads the header of Sun audio files (`.au`): six numbers of 32 bits, the largest digit first. Pure.

/** How long the header is, in bytes. */
export const HEADER_BYTES = 24;
const MAGIC = 0x2e736e64;
/** Linear samples of 16 bits. */
const LINEAR_16 = 3;

/** What the header says; undefined when it is another kind of file, or a damaged one. */
export function read(header) {
  if (header.length < HEADER_BYTES) {
    return undefined;
  }
  const numbers = new DataView(header.buffer, header.byteOffset, HEADER_BYTES);
  const [encoding, sampleRateHz, channels] = [12, 16, 20].map((offset) => numbers.getUint32(offset));
  if (numbers.getUint32(0) !== MAGIC || sampleRateHz === 0 || channels === 0) {
    return undefined;
  }
  return { sampleRateHz, channels, bitDepth: encoding === LINEAR_16 ? 16 : undefined };
}
