/** Gives every id one meaning: repetitions are told and taken once, contradictions are errors. */
import type { Diagnostic, Fact, PlacedFact } from './facts.ts'
import { placeText, quoted } from './inventory-places.ts'

/** The facts that remain, and the one that declares each id. */
export interface DeclaredFacts {
  readonly facts: readonly PlacedFact[]
  readonly byId: ReadonlyMap<string, PlacedFact>
}

/** Drops repetitions, exact or bare (one `info` per file that has any), and reports ids with two meanings. */
export function declareFacts(facts: readonly PlacedFact[], diagnostics: Diagnostic[]): DeclaredFacts {
  const byId = new Map<string, PlacedFact>()
  const unnamed = new Map<string, PlacedFact[]>()
  const repeated = new Map<string, { readonly first: PlacedFact; readonly before: PlacedFact; count: number }>()
  let extended = false
  const kept: PlacedFact[] = []
  const noteRepetition = (placed: PlacedFact, before: PlacedFact) => {
    const known = repeated.get(placed.place.file)
    if (known) known.count++
    else repeated.set(placed.place.file, { first: placed, before, count: 1 })
  }
  for (const placed of facts) {
    const { fact } = placed
    if (fact.id === undefined) {
      // only an entitlement may lack an id; the same right on the same thing for the same holder is a repetition
      const key = fact.fact === 'entitlement' ? `${fact.holder}\n${fact.on}` : ''
      const alike = unnamed.get(key)
      const before = alike?.find((other) => sameContent(other.fact, fact))
      if (before) {
        noteRepetition(placed, before)
        continue
      }
      if (alike) alike.push(placed)
      else unnamed.set(key, [placed])
    } else {
      const before = byId.get(fact.id)
      if (before && sameContent(before.fact, fact)) {
        noteRepetition(placed, before)
        continue
      }
      if (before && saysAllOf(before.fact, fact)) {
        noteRepetition(placed, before)
        continue
      }
      if (before && saysAllOf(fact, before.fact)) {
        extended = true
        byId.set(fact.id, placed)
        noteRepetition(before, placed)
        continue
      }
      if (before) diagnostics.push(conflict(placed, before))
      else byId.set(fact.id, placed)
      if (!fact.id.isWellFormed()) diagnostics.push(malformed(placed))
    }
    kept.push(placed)
  }
  for (const { first, before, count } of repeated.values()) {
    const which = first.fact.id === undefined ? `an ${first.fact.fact}` : `${first.fact.fact} ${quoted(first.fact.id)}`
    const others = count === 1 ? '' : `, and so do ${count - 1} more facts of this file`
    diagnostics.push({
      code: 'fact_repeated',
      level: 'info',
      message: `${which} says nothing beyond ${placeText(before.place)}${others}; each is taken once`,
      place: first.place,
      remedy: 'nothing need be done; leave the repetitions out if they are not meant',
    })
  }
  return { facts: extended ? kept.map((placed) => fullest(placed, byId)) : kept, byId }
}

function conflict({ fact, place }: PlacedFact, before: PlacedFact): Diagnostic {
  const same = before.fact.fact === fact.fact
  const other = same ? 'with other content' : `as ${article(before.fact.fact)}`
  return {
    code: 'id_conflict',
    level: 'error',
    message: `${fact.fact} ${quoted(fact.id ?? '')} is declared already, ${other}, at ${placeText(before.place)}`,
    place,
    remedy: same
      ? 'merge the two facts into one'
      : 'give one of the two another id; an id names one thing, whatever its kind',
  }
}

const malformed = ({ fact, place }: PlacedFact): Diagnostic => ({
  code: 'id_malformed',
  level: 'error',
  message: `${fact.fact} ${quoted(fact.id ?? '')} has half a character in its id (a lone surrogate)`,
  place,
  remedy: 'export the file again, as UTF-8',
})

/** A kind of fact with its article: `an account`, `a way in`. */
export function article(kind: Fact['fact']): string {
  const words = kind === 'wayIn' ? 'way in' : kind
  return `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`
}

function fullest(placed: PlacedFact, byId: ReadonlyMap<string, PlacedFact>): PlacedFact {
  const declared = byId.get(placed.fact.id ?? '')
  return declared !== undefined && saysAllOf(declared.fact, placed.fact) ? declared : placed
}

/**
 * Whether one fact says all that a bare other says: that the thing is there and of what kind, and no more. Importers
 * declare things so that another source keeps; its own, fuller fact then stands.
 */
const saysAllOf = (full: Fact, bare: Fact) =>
  Object.entries(bare).every(([key, value]) => BARE.has(key) && Reflect.get(full, key) === value)
const BARE = new Set(['fact', 'id', 'kind'])

/** Whether two facts say the same, in whatever order of fields. */
function sameContent(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b)
  const keys = Object.keys(a)
  if (Array.isArray(a) !== Array.isArray(b) || keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && sameContent(Reflect.get(a, key), Reflect.get(b, key)))
}
