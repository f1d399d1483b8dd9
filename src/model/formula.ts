import type { RuleSink } from './fact-rules.ts'
import type { Formula, Place } from './facts.ts'
import { gateNode, type RuleKindName } from './kinds.ts'

/** The parts of a formula and how many of them must hold; a bare id is one part. */
export function partsOf(formula: Formula): { readonly parts: readonly Formula[]; readonly needs: number } {
  if (typeof formula === 'string') return { parts: [formula], needs: 1 }
  if ('all' in formula) return { parts: formula.all, needs: formula.all.length }
  if ('any' in formula) return { parts: formula.any, needs: 1 }
  return { parts: formula.of, needs: formula.atLeast }
}

/**
 * Rules `head ← formula` for each head; inner formulas become `gate:<owner>:<path>` nodes, where the path is the
 * position of the part at each depth.
 */
export function compileFormula(
  rules: RuleSink,
  kind: RuleKindName,
  owner: string,
  heads: readonly string[],
  formula: Formula,
  place: Place,
): void {
  const { parts, needs } = partsOf(formula)
  if (parts.length === 0) return // an empty formula asks for nothing; the reader has refused it
  const body = parts.map((part, i) => partNode(rules, owner, part, [i], place))
  for (const head of heads) rules.rule(kind, head, body, place, distinctNeeds(body, needs))
}

function partNode(rules: RuleSink, owner: string, part: Formula, path: readonly number[], place: Place): string {
  if (typeof part === 'string') return part
  const { parts, needs } = partsOf(part)
  const node = gateNode(owner, path)
  const body = parts.map((inner, i) => partNode(rules, owner, inner, [...path, i], place))
  if (body.length > 0) rules.rule('gate', node, body, place, distinctNeeds(body, needs))
  return node
}

/** `all: [a, a]` asks for `a` once; an `atLeast` larger than the distinct parts can't be met and stays so. */
function distinctNeeds(body: readonly string[], needs: number): number {
  const distinct = new Set(body).size
  return needs === body.length ? distinct : needs
}

/** A set of leaf ids that together satisfy a formula. */
export type Alternative = readonly string[]

/**
 * The minimal leaf sets that satisfy the formula, in order of appearance (disjunctive normal form, supersets dropped).
 *
 * @returns null when there would be more than `limit`
 */
export function alternativesOf(formula: Formula, limit: number): Alternative[] | null {
  if (typeof formula === 'string') return [[formula]]
  const { parts, needs } = partsOf(formula)
  const inner: Alternative[][] = []
  for (const part of parts) {
    const alternatives = alternativesOf(part, limit)
    if (alternatives === null) return null
    inner.push(alternatives)
  }
  // chosen[k]: ways to satisfy exactly k of the parts seen so far
  let chosen: Alternative[][] = [[[]]]
  for (const alternatives of inner) {
    const next: Alternative[][] = chosen.map((sets) => [...sets])
    for (let k = 0; k < Math.min(chosen.length, needs); k++) {
      const grown = (next[k + 1] ??= [])
      for (const base of chosen[k] ?? []) {
        for (const alternative of alternatives) grown.push([...new Set([...base, ...alternative])])
        if (grown.length > limit * 8) return null
      }
    }
    chosen = next
  }
  const minimal = withoutSupersets(chosen[needs] ?? [])
  return minimal.length > limit ? null : minimal
}

function withoutSupersets(sets: readonly Alternative[]): Alternative[] {
  const bySize = sets.map((set) => new Set(set)).toSorted((a, b) => a.size - b.size)
  const kept: Set<string>[] = []
  for (const set of bySize) {
    if (!kept.some((smaller) => smaller.isSubsetOf(set))) kept.push(set)
  }
  return kept.map((set) => [...set])
}
