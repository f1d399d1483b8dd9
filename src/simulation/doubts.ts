/** The facts of which nobody can be sure and on which a scenario may turn. */
import { holdable, holdingOf, type Holdable } from '#analysis/attackers.ts'
import { FACT_SCHEMAS, type Formula } from '#model/facts.ts'
import { partsOf } from '#model/formula.ts'
import { RULE_KIND_NAMES } from '#model/compile.ts'
import { oncePer } from '#lib/once.ts'
import type { Attacker, Defeat } from '#policy/policy.ts'
import type { Doubt as ReportedDoubt } from '#contract/simulation.ts'
import type { World } from './world.ts'

/** Something that may be the other way round: whether a node is had at the start, or whether a rule holds. */
export interface Doubt extends Pick<ReportedDoubt, 'about' | 'reason' | 'fields' | 'assumed'> {
  readonly turns: { readonly node: number } | { readonly rule: number }
}

/** Facts of which unstated fields are looked for; ours. Each costs a few evaluations of conditions. */
const LOOKED_AT = 200_000
/** Ways to complete one fact that are tried; ours. The conditions of the default policy ask for two fields at most. */
const COMPLETIONS = 64

/**
 * Every doubt, in the order of the inventory: authenticators of unknown kind, ids declared nowhere that a way in asks
 * for, people without a way in on record, unstated fields that a condition of an attacker turns on, and rules of the
 * organisation that it is not sure of.
 */
export function doubtsOf(
  world: World,
  attackers: readonly Attacker[],
  isHeld: (node: number) => boolean,
): { readonly doubts: Doubt[]; readonly cut: boolean } {
  const fields = unstatedFields(world, attackers, isHeld)
  const doubts = [
    ...unknownThings(world, isHeld),
    ...unguardedPeople(world, isHeld),
    ...unsureRules(world),
    ...fields.doubts,
  ]
  return { doubts, cut: fields.cut }
}

function* unknownThings({ snapshot }: World, isHeld: (node: number) => boolean): Generator<Doubt> {
  const { inventory, indexOf } = snapshot
  const doubt = (about: string, reason: Doubt['reason'], fields: string[]): Doubt[] => {
    const node = indexOf.get(about)
    return node === undefined || isHeld(node) ? [] : [{ about, reason, fields, assumed: 'in_favour', turns: { node } }]
  }
  for (const { fact } of inventory.byKind.authenticator) {
    if (fact.kind === 'unknown') yield* doubt(fact.id, 'unknown_kind', ['kind'])
  }
  const asked = new Set<string>()
  for (const { fact } of inventory.byKind.wayIn) leavesOf(fact.requires, asked)
  for (const { fact } of inventory.byKind.rule) leavesOf(fact.when, asked)
  for (const id of asked) if (inventory.get(id) === undefined) yield* doubt(id, 'undeclared', [])
}

function leavesOf(formula: Formula, into: Set<string>): void {
  if (typeof formula === 'string') into.add(formula)
  else for (const part of partsOf(formula).parts) leavesOf(part, into)
}

function* unguardedPeople({ snapshot, ways }: World, isHeld: (node: number) => boolean): Generator<Doubt> {
  for (const { fact } of snapshot.inventory.byKind.account) {
    const node = snapshot.indexOf.get(fact.id)!
    if (fact.kind !== 'human' || fact.enabled === false || ways.has(fact.id) || isHeld(node)) continue
    yield { about: fact.id, reason: 'no_way_in', fields: ['waysIn'], assumed: 'in_favour', turns: { node } }
  }
}

/** Rules of the organisation with a confidence below 1; they are taken to hold. */
function* unsureRules({ snapshot }: World): Generator<Doubt> {
  const unsure = new Map(
    snapshot.inventory.byKind.rule
      .filter(({ fact }) => (fact.confidence ?? 1) < 1)
      .map(({ fact, place }) => [place, fact] as const),
  )
  if (unsure.size === 0) return
  const declared = RULE_KIND_NAMES.indexOf('declared')
  for (let rule = 0; rule < snapshot.rules.heads.length; rule++) {
    if (snapshot.ruleKinds[rule] !== declared) continue
    const fact = unsure.get(snapshot.rulePlaces[rule]!)
    if (fact === undefined || snapshot.nodeIds[snapshot.rules.heads[rule]!] !== fact.then) continue
    yield { about: fact.id, reason: 'low_confidence', fields: ['confidence'], assumed: 'against', turns: { rule } }
  }
}

function unstatedFields(world: World, attackers: readonly Attacker[], isHeld: (node: number) => boolean) {
  const doubts: Doubt[] = []
  const asked = askedFields(attackers)
  let looked = 0
  for (const fact of holdable(world.snapshot)) {
    if (looked++ === LOOKED_AT) return { doubts, cut: true }
    const node = world.snapshot.indexOf.get(fact.id)!
    const fields = tellingFields(world, attackers, fact, { isHeld: isHeld(node), asked: asked(fact) })
    if (fields.length === 0) continue
    doubts.push({
      about: fact.id,
      reason: 'unstated',
      fields,
      assumed: isHeld(node) ? 'against' : 'in_favour',
      turns: { node },
    })
  }
  return { doubts, cut: false }
}

/** Unstated fields that, filled in some way, change whether the attackers hold the thing. */
function tellingFields(
  { snapshot, signIn }: World,
  attackers: readonly Attacker[],
  fact: Holdable,
  { isHeld, asked }: { readonly isHeld: boolean; readonly asked: ReadonlySet<string> },
): string[] {
  const has = (each: Holdable, knowing = signIn) =>
    attackers.some((attacker) => holdingOf(snapshot, attacker, each, knowing) !== null)
  const telling = new Set<string>()
  if (isHeld && !has(fact)) return [] // a start: nothing in the fact makes it so
  for (const { stated, whole } of completions(fact, asked)) {
    if (has(whole) !== isHeld) for (const field of stated) telling.add(field)
  }
  const isKnown = fact.fact !== 'channel' || !isHeld || has(fact, (account) => signIn(account) ?? 'hardware')
  if (!isKnown) telling.add('heldBy')
  return [...telling].toSorted()
}

interface Completion {
  /** the fields that it fills in */
  readonly stated: readonly string[]
  readonly whole: Holdable
}

/** The fact with one or several unstated fields filled in that conditions on its kind ask for. */
function completions(fact: Holdable, asked: ReadonlySet<string>): Completion[] {
  let all: Completion[] = [{ stated: [], whole: fact }]
  for (const field of asked) {
    if (Object.hasOwn(fact, field)) continue
    const more = valuesOf(fact.fact, field).flatMap((value) =>
      all.map(({ stated, whole }) => ({ stated: [...stated, field], whole: { ...whole, [field]: value } as Holdable })),
    )
    all = [...all, ...more].slice(0, COMPLETIONS)
  }
  return all.slice(1)
}

/** The fields that conditions on a fact of the same kind ask for; worked out once for each kind. */
function askedFields(attackers: readonly Attacker[]): (fact: Holdable) => ReadonlySet<string> {
  const ofKind = oncePer((sort: string): ReadonlySet<string> => {
    const [section, kind] = sort.split(' ') as [Holdable['fact'], string]
    const fields = new Set<string>(section === 'session' ? ['binding'] : [])
    for (const attacker of attackers) {
      const defeats: readonly Defeat<string>[] = attacker[`${section}s`]
      for (const { kinds, condition } of defeats) {
        if ((section === 'authenticator' || section === 'channel') && !kinds.includes(kind)) continue
        for (const [, field] of (condition ?? '').matchAll(/\bfact\.(\w+)/g)) fields.add(field!)
      }
    }
    return fields
  })
  return (fact) => ofKind(`${fact.fact} ${'kind' in fact ? fact.kind : ''}`)
}

interface FieldSchema {
  readonly type?: string
  readonly enum?: readonly string[]
}

/** Values that tell a condition apart: every word of a closed set, both truths, a list of something. */
function valuesOf(kind: Holdable['fact'], field: string): readonly unknown[] {
  const properties = FACT_SCHEMAS[kind].properties as unknown as Readonly<Record<string, FieldSchema>>
  const schema = properties[field]
  if (schema?.enum !== undefined) return schema.enum
  if (schema?.type === 'boolean') return [true, false]
  // that it got out is a thing that happened, and not a field that nobody filled in
  return schema?.type === 'array' ? [['elsewhere']] : []
}
