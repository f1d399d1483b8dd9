import type { Change, Edit, Selector } from '#contract/plan.ts'
import { AmbitError } from '#lib/errors.ts'
import { FACT_SCHEMAS, type Fact, type PlacedFact } from '#model/facts.ts'
import { checkInventory, type CheckedInventory } from '#model/inventory.ts'

/** Applies changes to one inventory again and again; what does not depend on the changes is prepared once. */
export interface Editor {
  readonly base: CheckedInventory
  /**
   * The inventory after the changes, in their order, checked as a whole: problems that the edits make are among its
   * diagnostics.
   *
   * @throws {AmbitError} `change_invalid` if an edit names nothing of the inventory, or an unknown kind of fact
   */
  readonly apply: (changes: readonly Change[]) => CheckedInventory
  /** The same unchecked, for changes that refer to nothing but what is there and what they add. */
  readonly applyUnchecked: (changes: readonly Change[]) => CheckedInventory
}

export function editorOf(base: CheckedInventory): Editor {
  const positions = new Map<string, number>()
  const byHolder = new Map<string, number[]>()
  base.facts.forEach(({ fact }, at) => {
    if (fact.id !== undefined) positions.set(fact.id, at)
    if (fact.fact !== 'entitlement') return
    const list = byHolder.get(fact.holder)
    if (list) list.push(at)
    else byHolder.set(fact.holder, [at])
  })
  const index = { positions, byHolder }
  return {
    base,
    apply: (changes) => {
      const { name, at } = base.snapshot
      return checkInventory({
        ...(name === null ? {} : { name }),
        ...(at === null ? {} : { at }),
        sources: base.sources,
        facts: factsOf(edited(base, index, changes)),
        diagnostics: [],
      })
    },
    applyUnchecked: (changes) => unchecked(base, index, edited(base, index, changes)),
  }
}

/** Facts of the base that were replaced or taken away, by position, and those that were added. */
interface Edited {
  readonly base: CheckedInventory
  readonly overlay: ReadonlyMap<number, PlacedFact | null>
  readonly added: readonly PlacedFact[]
}

function factsOf({ base, overlay, added }: Edited): PlacedFact[] {
  const facts: PlacedFact[] = []
  base.facts.forEach((placed, at) => {
    const now = overlay.has(at) ? overlay.get(at)! : placed
    if (now !== null) facts.push(now)
  })
  added.forEach((placed, i) => {
    const now = overlay.has(base.facts.length + i) ? overlay.get(base.facts.length + i)! : placed
    if (now !== null) facts.push(now)
  })
  return facts
}

function unchecked(base: CheckedInventory, { positions }: Index, changed: Edited): CheckedInventory {
  const facts = factsOf(changed)
  const fresh = new Map(
    changed.added.flatMap((placed) => (placed.fact.id === undefined ? [] : [[placed.fact.id, placed]])),
  )
  const get = (id: string): PlacedFact | undefined => {
    const at = positions.get(id)
    if (at !== undefined && changed.overlay.has(at)) return changed.overlay.get(at) ?? fresh.get(id)
    return at === undefined ? fresh.get(id) : base.facts[at]
  }
  const byKind = Object.fromEntries(Object.keys(FACT_SCHEMAS).map((kind) => [kind, [] as PlacedFact[]]))
  for (const placed of facts) byKind[placed.fact.fact]!.push(placed)
  return {
    ...base,
    facts,
    byKind: byKind as unknown as CheckedInventory['byKind'], // each fact went into the list of its own kind
    get,
    kindOf: (id) => get(id)?.fact.fact,
  }
}

interface Index {
  readonly positions: ReadonlyMap<string, number>
  readonly byHolder: ReadonlyMap<string, readonly number[]>
}

function edited(base: CheckedInventory, index: Index, changes: readonly Change[]): Edited {
  const overlay = new Map<number, PlacedFact | null>()
  const added: PlacedFact[] = []
  const addedIds = new Map<string, number>()
  const addedOf = new Map<string, number[]>()
  const factAt = (at: number): PlacedFact | null => {
    if (at >= base.facts.length) return overlay.has(at) ? overlay.get(at)! : added[at - base.facts.length]!
    return overlay.has(at) ? overlay.get(at)! : base.facts[at]!
  }
  const candidates = (selector: Selector): Iterable<number> => {
    const { id, holder } = selector as Readonly<Record<string, unknown>>
    if (typeof id === 'string') {
      const at = index.positions.get(id) ?? addedIds.get(id)
      return at === undefined ? [] : [at]
    }
    const known =
      selector.fact === 'entitlement' && typeof holder === 'string'
        ? (index.byHolder.get(holder) ?? [])
        : base.facts.keys()
    return [...known, ...(addedOf.get(selector.fact) ?? [])]
  }
  const selected = (selector: Selector): number[] => {
    const found: number[] = []
    for (const at of candidates(selector)) {
      const placed = factAt(at)
      if (placed !== null && fits(placed.fact, selector)) found.push(at)
    }
    return found
  }
  const wasThere = (selector: Selector): boolean =>
    Array.from(candidates(selector)).some((at) => at < base.facts.length && fits(base.facts[at]!.fact, selector))
  const perform = (edit: Edit, change: Change): void => {
    if ('add' in edit) {
      const fact = edit.add as unknown as Fact
      if (!Object.hasOwn(FACT_SCHEMAS, fact.fact)) refuse(change, `adds a fact of the unknown kind \`${fact.fact}\``)
      const taken = fact.id === undefined ? undefined : (index.positions.get(fact.id) ?? addedIds.get(fact.id))
      if (taken !== undefined && factAt(taken) !== null) return
      if (fact.id !== undefined) addedIds.set(fact.id, base.facts.length + added.length)
      const alike = addedOf.get(fact.fact)
      if (alike) alike.push(base.facts.length + added.length)
      else addedOf.set(fact.fact, [base.facts.length + added.length])
      added.push({ fact, place: { file: `change ${change.id}` } })
      return
    }
    const selector = 'remove' in edit ? edit.remove : edit.set
    const found = selected(selector)
    // what an earlier change has taken away, or edited so that it is no longer as stated, needs nothing more
    if (found.length === 0 && !wasThere(selector)) {
      refuse(change, `names ${nameOf(selector)}, which the inventory does not have`)
    }
    for (const at of found) {
      const { fact, place } = factAt(at)!
      overlay.set(at, 'remove' in edit ? null : { fact: patched(fact, edit), place })
    }
  }
  for (const change of changes) for (const edit of change.edits) perform(edit, change)
  return { base, overlay, added }
}

function refuse(change: Change, why: string): never {
  const message = `the change \`${change.id}\` ${why}; docs/plan.md tells how changes are written`
  throw new AmbitError('change_invalid', message, { change: change.id })
}

const nameOf = (selector: Selector): string => {
  const { id, holder, on } = selector as Readonly<Record<string, string | undefined>>
  return `the ${selector.fact} \`${id ?? [holder, on].filter((each) => each !== undefined).join(' on ')}\``
}

/** Whether a fact has every field as stated; lists and conditions are compared by value. */
function fits(fact: Fact, selector: Selector): boolean {
  const fields = fact as Readonly<Record<string, unknown>>
  return Object.entries(selector).every(([key, value]) => same(fields[key], value))
}

const same = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b))

function patched(fact: Fact, edit: Extract<Edit, { set: unknown }>): Fact {
  const fields: Record<string, unknown> = { ...fact }
  for (const [key, value] of Object.entries(edit.to ?? {})) {
    if (value === null) delete fields[key]
    else fields[key] = value
  }
  for (const [key, gone] of Object.entries(edit.without ?? {})) {
    const list: unknown[] = Array.isArray(fields[key]) ? fields[key] : []
    fields[key] = list.filter((each) => !gone.some((other) => same(each, other)))
  }
  for (const [key, more] of Object.entries(edit.with ?? {})) {
    const list: unknown[] = Array.isArray(fields[key]) ? fields[key] : []
    fields[key] = [...list, ...more.filter((each) => !list.some((other) => same(each, other)))]
  }
  return fields as unknown as Fact
}
