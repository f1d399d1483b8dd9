/**
 * The inventory, checked: every fact in its place, every id with one meaning, every doubt on record.
 *
 * {@link checkInventory} drops nothing in silence. What contradicts itself is an `error` and stops the analysis; what
 * is missing is a `warning` that says what was assumed; what is merely worth knowing is an `info`.
 */
import type { Diagnostic, FactKind, FactOf, Inventory, Place, PlacedFact } from './facts.ts'

/** A fact of a known kind, with the place it was read from. */
export type PlacedFactOf<K extends FactKind> = PlacedFact<FactOf<K>>

/** Something that facts refer to and no fact declares. It is a node that nothing is known of and nothing leads out of. */
export interface MissingThing {
  /** where it is first referred to */
  readonly place: Place
  /** the field that refers to it, e.g. `memberOf` */
  readonly field: string
  /** what that field may name */
  readonly expected: readonly FactKind[]
  readonly references: number
}

/** What {@link checkInventory} returns. Analyse it only after `refuseErrors(diagnostics)`. */
export interface CheckedInventory {
  /** null where no file states it */
  readonly snapshot: { readonly name: string | null; readonly at: string | null }
  readonly sources: Inventory['sources']
  /** without repetitions, in the order read */
  readonly facts: readonly PlacedFact[]
  /** the same facts by kind, each list in the order read */
  readonly byKind: { readonly [K in FactKind]: readonly PlacedFactOf<K>[] }
  /** kind of the fact that declares an id; undefined when none does */
  readonly kindOf: (id: string) => FactKind | undefined
  /** the fact that declares an id */
  readonly get: (id: string) => PlacedFact | undefined
  /** referred to, declared nowhere: by id, in the order first met */
  readonly missing: ReadonlyMap<string, MissingThing>
  /** those of reading, then those of checking */
  readonly diagnostics: readonly Diagnostic[]
}
