/**
 * Patterns of AWS policies: `*` stands for any text, `?` for one character.
 * Source: AWS IAM User Guide, "IAM JSON policy elements: Resource" and "Action".
 */

/**
 * Whether everything that `other` stands for is matched by `pattern`. `other` may be plain text or itself a pattern.
 * True is certain; false may be wrong for patterns whose inclusion needs more than matching wildcards to wildcards.
 */
export function covers(pattern: string, other: string): boolean {
  if (pattern === '*' || pattern === other) return true
  let p = 0
  let t = 0
  let star = -1
  let mark = 0
  while (t < other.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++
      mark = t
    } else if (p < pattern.length && other[t] !== '*' && (pattern[p] === '?' || pattern[p] === other[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++mark
    } else {
      return false
    }
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

const WILD = /[*?]/u

/** Whether two patterns begin with different plain text, as ARNs of different services do. */
function differBeforeWild(a: string, b: string): boolean {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i] === '*' || a[i] === '?' || b[i] === '*' || b[i] === '?') return false
    if (a[i] !== b[i]) return true
  }
  return false
}

/** Whether some text is matched by both patterns; O(length × length). */
export function intersects(a: string, b: string): boolean {
  if (a === '*' || b === '*' || a === b) return true
  if (!WILD.test(b)) return covers(a, b)
  if (!WILD.test(a)) return covers(b, a)
  if (differBeforeWild(a, b)) return false
  // row[j]: whether a[..i] and b[..j] can have been used up together
  let row = new Uint8Array(b.length + 1)
  row[0] = 1
  for (let j = 0; j < b.length && b[j] === '*'; j++) row[j + 1] = 1
  for (let i = 0; i < a.length; i++) {
    const next = new Uint8Array(b.length + 1)
    if (a[i] === '*') next[0] = row[0]!
    for (let j = 0; j < b.length; j++) {
      const both = a[i] === b[j] || a[i] === '?' || b[j] === '?'
      const step = a[i] !== '*' && b[j] !== '*' && both ? row[j]! : 0
      // a star takes nothing more, or one more character (or star) of the other
      const byStar = (a[i] === '*' ? row[j + 1]! | next[j]! : 0) | (b[j] === '*' ? next[j]! | row[j + 1]! : 0)
      next[j + 1] = step | byStar
    }
    row = next
  }
  return row[b.length] === 1
}

/** The narrower of two patterns that overlap (the first when neither covers the other); undefined when they do not. */
export function overlapOf(a: string, b: string): string | undefined {
  if (covers(a, b)) return b
  if (covers(b, a)) return a
  return intersects(a, b) ? a : undefined
}
