import type { Fact, Inventory } from '#model/facts.ts'

/** A change to an inventory: facts taken out by id, fields set (null takes one out), facts added. */
export interface Edit {
  readonly remove?: readonly string[]
  readonly change?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly add?: readonly Fact[]
}

/** The inventory after a change; a change of something that is not there is a fault of the test. */
export function edited(inventory: Inventory, { remove = [], change = {}, add = [] }: Edit): Inventory {
  const ids = new Set(inventory.facts.map(({ fact }) => fact.id))
  for (const id of [...remove, ...Object.keys(change)]) if (!ids.has(id)) throw new Error(`nothing is called ${id}`)
  const kept = inventory.facts.filter(({ fact }) => fact.id === undefined || !remove.includes(fact.id))
  const changed = kept.map(({ fact, place }) => {
    const fields = fact.id === undefined ? undefined : change[fact.id]
    if (fields === undefined) return { fact, place }
    const stated = Object.entries({ ...fact, ...fields }).filter(([, value]) => value !== null)
    return { fact: Object.fromEntries(stated) as unknown as Fact, place }
  })
  const added = add.map((fact, i) => ({ fact, place: { file: 'edit.yaml', line: i + 1 } }))
  return { ...inventory, facts: [...changed, ...added] }
}
