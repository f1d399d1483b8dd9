/**
 * The inventory, checked: every fact in its place, every id with one meaning, every doubt on record.
 *
 * {@link checkInventory} drops nothing in silence. What contradicts itself is an `error` and stops the analysis; what
 * is missing is a `warning` that says what was assumed; what is merely worth knowing is an `info`.
 */
import { AmbitError } from '#lib/errors.ts'
import { FACT_SCHEMAS, type Diagnostic, type FactKind, type FactOf, type Inventory, type PlacedFact } from './facts.ts'
import { checkCycles } from './inventory-cycles.ts'
import { instantOf } from './inventory-dates.ts'
import { checkFacts } from './inventory-facts.ts'
import { declareFacts } from './inventory-ids.ts'
import { checkLinks, missingWarnings, type MissingThing } from './inventory-links.ts'
import { placeText } from './inventory-places.ts'

/** A fact of a known kind, with the place it was read from. */
export type PlacedFactOf<K extends FactKind> = PlacedFact<FactOf<K>>

/** The facts by kind, each list in the order read. */
export type FactsByKind = { readonly [K in FactKind]: readonly PlacedFactOf<K>[] }

/** What may be asked of facts one at a time. */
export interface FactView {
  readonly snapshot: CheckedInventory['snapshot']
  readonly byKind: Pick<FactsByKind, 'exception'>
  readonly kindOf: CheckedInventory['kindOf']
  readonly get: CheckedInventory['get']
}

/** What {@link checkInventory} returns. Analyse it only after {@link refuseErrors}. */
export interface CheckedInventory {
  /** null where no file states it */
  readonly snapshot: { readonly name: string | null; readonly at: string | null }
  readonly sources: Inventory['sources']
  /** without repetitions, in the order read */
  readonly facts: readonly PlacedFact[]
  readonly byKind: FactsByKind
  /** kind of the fact that declares an id; undefined when none does */
  readonly kindOf: (id: string) => FactKind | undefined
  /** the fact that declares an id */
  readonly get: (id: string) => PlacedFact | undefined
  /** referred to, declared nowhere: by id, in the order first met */
  readonly missing: ReadonlyMap<string, MissingThing>
  /** those of reading, then those of checking */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Checks an inventory as a whole: ids, references, cycles, dates and conditions; O(facts and references). Never throws.
 * Where reading failed already, missing references are not told, since the facts they name may be those that failed.
 */
export function checkInventory(inventory: Inventory): CheckedInventory {
  const diagnostics: Diagnostic[] = []
  const declared = declareFacts(inventory.facts, diagnostics)
  const missing = checkLinks(declared, diagnostics)
  checkFacts(declared.facts, diagnostics)
  checkCycles(declared, diagnostics)
  checkTime(inventory, diagnostics)
  const dangling = inventory.diagnostics.some(isError) ? [] : missingWarnings(missing, declared.byId.keys())
  return {
    snapshot: { name: inventory.name ?? null, at: inventory.at ?? null },
    sources: inventory.sources,
    facts: declared.facts,
    byKind: factsByKind(declared.facts),
    kindOf: (id) => declared.byId.get(id)?.fact.fact,
    get: (id) => declared.byId.get(id),
    missing,
    diagnostics: [...inventory.diagnostics, ...diagnostics, ...dangling],
  }
}

function checkTime({ at, facts }: Inventory, diagnostics: Diagnostic[]): void {
  if (at !== undefined && instantOf(at) === undefined) {
    const message = `the inventory's time \`at\` is \`${at.slice(0, 60)}\`, which does not exist`
    diagnostics.push({ code: 'date_invalid', level: 'error', message, remedy: 'correct the day or the time' })
  } else if (at === undefined && facts.length > 0) {
    const message = 'no file says when its facts held, so ages, and whether an exception has ended, are unknown'
    const level = facts.some(({ fact }) => fact.fact === 'exception') ? 'warning' : 'info'
    diagnostics.push({ code: 'time_unstated', level, message, remedy: 'add `at: 2026-01-31` to an inventory file' })
  }
}

function factsByKind(facts: readonly PlacedFact[]): FactsByKind {
  const byKind = Object.fromEntries(Object.keys(FACT_SCHEMAS).map((kind) => [kind, [] as PlacedFact[]]))
  for (const placed of facts) byKind[placed.fact.fact]?.push(placed)
  return byKind as unknown as FactsByKind // each fact went into the list of its own `fact` word
}

const isError = ({ level }: Diagnostic) => level === 'error'

/**
 * Stops before an analysis that would rest on broken input.
 *
 * @throws {AmbitError} `input_invalid` if any diagnostic is an error; `detail.diagnostics` holds all that are
 */
export function refuseErrors(diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(isError)
  const [first] = errors
  if (!first) return
  const count = errors.length === 1 ? 'one error' : `${errors.length} errors`
  const where = first.place ? `${placeText(first.place)}: ` : ''
  const summary = `the input has ${count}`
  const message = `${summary}${errors.length === 1 ? '' : ', the first'}: ${where}${first.message}; ${first.remedy}`
  throw new AmbitError('input_invalid', message, { summary, diagnostics: errors })
}
