/** A seeded source of numbers for the generator: mulberry32 (Tommy Ettinger, public domain); not for secrets. */
export interface Random {
  /** a fraction in [0, 1) */
  readonly next: () => number
  /** a whole number in [0, bound) */
  readonly below: (bound: number) => number
  readonly chance: (probability: number) => boolean
}

/** Returns the mulberry32 sequence of `seed`; the same seed yields the same graph on every machine. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  return {
    next,
    below: (bound) => Math.floor(next() * bound),
    chance: (probability) => next() < probability,
  }
}

/** Returns a rank in [0, count) drawn from a power law `rank^-exponent` (exponent < 1), by the inverse of its integral. */
export function powerLawRank(random: Random, count: number, exponent: number): number {
  const tail = 1 - exponent
  const x = (((count + 1) ** tail - 1) * random.next() + 1) ** (1 / tail)
  return Math.min(count - 1, Math.floor(x) - 1)
}

/** Returns the numbers first … first + count − 1 in random order, so that neighbours in meaning are not neighbours in memory. */
export function shuffled(random: Random, first: number, count: number): Uint32Array {
  const order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = first + i
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const swap = order[i]
    order[i] = order[j]
    order[j] = swap
  }
  return order
}
