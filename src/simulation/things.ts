/** What the nodes of a simulation are, for readers that have no inventory. */
import type { Proof } from '#contract/report.ts'
import type { SimulationThing } from '#contract/simulation.ts'
import type { CheckedInventory } from '#model/inventory.ts'

/** Collects the nodes that a simulation names. State with a lifetime: one simulation. */
export function thingsOf(inventory: CheckedInventory): {
  readonly name: (node: string) => void
  readonly nameProof: (proof: Proof) => void
  readonly things: () => Record<string, SimulationThing>
} {
  const known = new Map<string, SimulationThing>()
  const name = (node: string): void => {
    const id = subjectOf(node)
    if (known.has(id)) return
    const fact = inventory.get(id)?.fact
    if (fact === undefined) return
    const given = 'name' in fact && fact.name !== undefined ? { name: fact.name } : {}
    const kind = 'kind' in fact && fact.kind !== undefined ? { kind: fact.kind } : {}
    known.set(id, { is: fact.fact, ...kind, ...given })
  }
  return {
    name,
    nameProof({ given, goal, steps }) {
      for (const node of [...given, goal, ...steps.flatMap((step) => [step.node, ...step.from])]) name(node)
    },
    things: () => Object.fromEntries([...known].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/** The id that a node is about: the target of a right, the owner of a gate, else the node itself. */
function subjectOf(node: string): string {
  const right = /^right:[^:]*:(.*)$/s.exec(node)
  if (right) return right[1]!
  return /^gate:(.*):[^:]*$/s.exec(node)?.[1] ?? node
}
