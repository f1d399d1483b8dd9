/**
 * Several values under one key. Most keys have one, and there may be millions: a set is only made for the second.
 * Values are texts, so that one of them and a set can be told apart.
 */
export type ManyValues = Map<string, string | Set<string>>

export function addValue(values: ManyValues, key: string, value: string): void {
  const held = values.get(key)
  if (held === undefined) values.set(key, value)
  else if (typeof held !== 'string') held.add(value)
  else if (held !== value) values.set(key, new Set([held, value]))
}

export function dropValue(values: ManyValues, key: string, value: string): void {
  const held = values.get(key)
  if (held === undefined) return
  if (typeof held === 'string') {
    if (held === value) values.delete(key)
  } else {
    held.delete(value)
    if (held.size === 0) values.delete(key)
  }
}

/** In the order in which they were added. */
export function valuesOf(values: ReadonlyMap<string, string | Set<string>>, key: string): Iterable<string> {
  const held = values.get(key)
  return held === undefined ? [] : typeof held === 'string' ? [held] : held
}
