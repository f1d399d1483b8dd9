/** Answers that are worked out once and kept, in a bounded number: beyond it all are let go, and worked out anew. */

export interface Kept<K, V> {
  readonly get: (key: K, make: () => V) => V
}

export function keeping<K, V>(most: number): Kept<K, V> {
  const kept = new Map<K, V>()
  return {
    get: (key, make) => {
      const known = kept.get(key)
      if (known !== undefined) return known
      if (kept.size >= most) kept.clear()
      const made = make()
      kept.set(key, made)
      return made
    },
  }
}

/** Values that are alike by a key, each held once, by number. */
export interface Numbered<V> {
  readonly numberOf: (key: string, make: () => V) => number
  readonly at: (number: number) => V
}

export function numbering<V>(): Numbered<V> {
  const numbers = new Map<string, number>()
  const values: V[] = []
  return {
    numberOf: (key, make) => {
      const known = numbers.get(key)
      if (known !== undefined) return known
      numbers.set(key, values.length)
      return values.push(make()) - 1
    },
    at: (number) => values[number]!,
  }
}
