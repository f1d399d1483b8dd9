/** Works something out when it is first asked for, and keeps it. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => (made ??= { value: make() }).value
}

/** The same for each key. */
export function oncePer<K, T>(make: (key: K) => T): (key: K) => T {
  const known = new Map<K, { readonly value: T }>()
  return (key) => {
    let made = known.get(key)
    if (made === undefined) known.set(key, (made = { value: make(key) }))
    return made.value
  }
}
