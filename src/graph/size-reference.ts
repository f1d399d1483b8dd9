import type { RuleSystem } from './rules.ts'

/**
 * Returns the least fixpoint of the rules from one start, by the definition: repeat every rule until nothing changes.
 *
 * For reading and for tests; O(rules × nodes) per start.
 */
export function reachByDefinition(
  { nodeCount, heads, needs, bodyOffsets, bodies }: RuleSystem,
  start: number,
): boolean[] {
  const holds = Array.from({ length: nodeCount }, (_, node) => node === start)
  for (let changed = true; changed;) {
    changed = false
    for (let r = 0; r < heads.length; r++) {
      if (holds[heads[r]]) continue
      const body = new Set(bodies.subarray(bodyOffsets[r], bodyOffsets[r + 1]))
      const held = [...body].filter((literal) => holds[literal]).length
      if (held < needs[r]) continue
      holds[heads[r]] = true
      changed = true
    }
  }
  return holds
}
