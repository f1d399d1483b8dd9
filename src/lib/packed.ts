/**
 * Values by key, packed: the JSON of all of them as bytes, one after another, and tables of numbers to find each by. Millions
 * of small values take little more than what they say, and threads can read one and the same: all of it is shared memory
 * that nobody writes to once it is there.
 */
import { randomInt } from 'node:crypto'

export interface Packed {
  /** JSON of values, {@link TOGETHER} entries in each */
  readonly chunks: readonly Uint8Array[]
  /** by entry: where in its chunk it begins; it ends where the next one begins */
  readonly starts: Uint32Array
  /** by entry: hash of its key */
  readonly hashes: Uint32Array
  /** by entry: a small number by which values are sorted apart; {@link GONE} for one that is no more */
  readonly sorts: Uint8Array
  /** open addressing by hash: entry + 1, or 0 for none */
  readonly spots: Uint32Array
  /** what hashes begin with, so that whoever chooses keys cannot foresee them */
  readonly seed: number
}

/** One entry as it is packed; null for one that is no more. */
export type Item = { readonly hash: number; readonly sort: number; readonly bytes: Uint8Array } | null

/** The sort of what is no more; values have lower ones. */
export const GONE = 255
const TOGETHER = 1024

export const newSeed = (): number => randomInt(2 ** 32)

/** Packs entries, asked for in order. */
export function pack(count: number, seed: number, itemAt: (entry: number) => Item): Packed {
  const chunks: Uint8Array[] = []
  const starts = sharedNumbers(count)
  const hashes = sharedNumbers(count)
  const sorts = new Uint8Array(new SharedArrayBuffer(count)).fill(GONE)
  let live = 0
  for (let first = 0; first < count; first += TOGETHER) {
    const pieces: Uint8Array[] = []
    let length = 0
    for (let entry = first; entry < Math.min(first + TOGETHER, count); entry++) {
      starts[entry] = length
      const item = itemAt(entry)
      if (item === null) continue
      hashes[entry] = item.hash
      sorts[entry] = item.sort
      pieces.push(item.bytes)
      length += item.bytes.length
      live++
    }
    chunks.push(joined(pieces, length))
  }
  return { chunks, starts, hashes, sorts, spots: spotsFor(live, hashes, sorts), seed }
}

const sharedNumbers = (count: number): Uint32Array =>
  new Uint32Array(new SharedArrayBuffer(count * Uint32Array.BYTES_PER_ELEMENT))

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(new SharedArrayBuffer(length))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

/** Of four spots, at most three are taken. */
function spotsFor(live: number, hashes: Uint32Array, sorts: Uint8Array): Uint32Array {
  const spots = sharedNumbers(Math.max(4, 2 ** Math.ceil(Math.log2((live * 4) / 3 + 1))))
  const mask = spots.length - 1
  for (let entry = 0; entry < hashes.length; entry++) {
    if (sorts[entry] === GONE) continue
    let spot = hashes[entry]! & mask
    while (spots[spot] !== 0) spot = (spot + 1) & mask
    spots[spot] = entry + 1
  }
  return spots
}

/** The entries whose keys have a hash; hardly ever more than one. */
export function* entriesWith({ spots, hashes }: Packed, hash: number): Generator<number> {
  const mask = spots.length - 1
  for (let spot = hash & mask; spots[spot] !== 0; spot = (spot + 1) & mask) {
    const entry = spots[spot]! - 1
    if (hashes[entry] === hash) yield entry
  }
}

/** An entry as it was packed. */
export function itemOf({ chunks, starts, hashes, sorts }: Packed, entry: number): Item {
  if (sorts[entry] === GONE) return null
  const chunk = chunks[Math.floor(entry / TOGETHER)]!
  const isLast = entry % TOGETHER === TOGETHER - 1 || entry === starts.length - 1
  const bytes = chunk.subarray(starts[entry], isLast ? chunk.length : starts[entry + 1])
  return { hash: hashes[entry]!, sort: sorts[entry]!, bytes }
}

/** FNV-1a over UTF-16 units (draft-eastlake-fnv), with the last mixing of MurmurHash3. */
export function hashOf(key: string, seed: number): number {
  let hash = seed
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
