const DAY_MS = 86_400_000

/** Whole days from one RFC 3339 time to a later one; negative when it is earlier. */
export const daysBetween = (from: string, to: string): number =>
  Math.floor((Date.parse(to) - Date.parse(from)) / DAY_MS)
