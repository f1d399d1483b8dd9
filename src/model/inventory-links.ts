/** Follows every reference of every fact: what it names must exist, and be of a kind that belongs there. */
import type { Diagnostic, Fact, FactKind, Place, PlacedFact } from './facts.ts'
import { article, type DeclaredFacts } from './inventory-ids.ts'
import { fieldPlace, quoted } from './inventory-places.ts'
import { eachReference } from './inventory-references.ts'

/** Something that facts refer to and no fact declares. It is a node that nothing is known of and nothing leads out of. */
export interface MissingThing {
  /** where it is first referred to */
  readonly place: Place
  /** the fact that first refers to it, and the field */
  readonly by: Fact
  readonly field: string
  /** what that field may name */
  readonly expected: readonly FactKind[]
  readonly references: number
}

/**
 * Checks the references of all facts; O(facts and references).
 *
 * @returns what is referred to and declared nowhere, by id, in the order first met
 */
export function checkLinks({ facts, byId }: DeclaredFacts, diagnostics: Diagnostic[]): Map<string, MissingThing> {
  const missing = new Map<string, MissingThing & { references: number }>()
  for (const { fact, place } of facts) {
    eachReference(fact, (id, { field, kinds }) => {
      const target = byId.get(id)
      if (target) {
        if (!kinds.includes(target.fact.fact))
          diagnostics.push(wrongKind({ fact, place }, { id, field, kinds, target }))
        return
      }
      const known = missing.get(id)
      if (known) known.references++
      else missing.set(id, { place: fieldPlace(place, field), by: fact, field, expected: kinds, references: 1 })
    })
  }
  return missing
}

interface WrongReference {
  readonly id: string
  readonly field: string
  readonly kinds: readonly FactKind[]
  readonly target: PlacedFact
}

function wrongKind({ fact, place }: PlacedFact, { id, field, kinds, target }: WrongReference): Diagnostic {
  return {
    code: 'reference_kind',
    level: 'error',
    message: `${named(fact)}: \`${field}\` names ${quoted(id)}, which is ${article(target.fact.fact)}`,
    place: fieldPlace(place, field),
    remedy: `name ${alternatives(kinds)} there, or correct the id`,
  }
}

/** Missing things up to which the id that may be meant is looked for; beyond, a whole source is missing, not a letter. */
const MAX_SUGGESTIONS = 1000

/** One warning per missing thing, with what was assumed of it and, where one is near, the id that may be meant. */
export function missingWarnings(missing: ReadonlyMap<string, MissingThing>, ids: Iterable<string>): Diagnostic[] {
  if (missing.size === 0) return []
  const near = new Map<string, string>()
  if (missing.size <= MAX_SUGGESTIONS) for (const id of ids) near.set(folded(id), id)
  return Array.from(missing, ([id, { place, by, field, expected, references }]): Diagnostic => {
    const more = references === 1 ? '' : ` and ${references - 1} more`
    const meant = near.get(folded(id))
    return {
      code: 'reference_dangling',
      level: 'warning',
      message: `${quoted(id)} is declared nowhere (\`${field}\` of ${named(by)}${more}); ${assumption(field)}`,
      place,
      remedy:
        meant === undefined
          ? `declare it as ${alternatives(expected)}, or correct the id`
          : `did you mean ${quoted(meant)}?`,
    }
  })
}

/** What is taken for true of a missing thing, by the field that names it. Never anything that makes an account safer. */
const ASSUMED: Readonly<Record<string, string>> = {
  account: 'nothing is said about this account, since it is not in the inventory',
  requires: 'what it takes to have it is unknown, and so is the strength of this way in',
  when: 'the rule never applies unless something leads to it',
  on: 'what it is worth and what leads to it are unknown',
}

const assumption = (field: string) => ASSUMED[field] ?? 'it is kept, and nothing is known to lead out of it'

/** Ids that differ only in case, surrounding space or Unicode form are probably meant to be one. */
const folded = (id: string) => id.trim().normalize('NFKC').toLowerCase()

const alternatives = (kinds: readonly FactKind[]) => {
  const words = kinds.map(article)
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** A fact as messages call it: kind and id, or for an entitlement without id, whose it is. */
export function named(fact: Fact): string {
  const kind = fact.fact === 'wayIn' ? 'way in' : fact.fact
  if (fact.id !== undefined) return `${kind} ${quoted(fact.id)}`
  return fact.fact === 'entitlement' ? `entitlement of ${quoted(fact.holder)}` : kind
}
