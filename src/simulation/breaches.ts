/** Known chains of incidents held against an organisation: could this happen here, or what stands in the way. */
import type { Breach, Breaches } from '#contract/breaches.ts'
import { snapshotId } from '#analysis/snapshot-id.ts'
import { findChain, type Found } from './chains.ts'
import { givenIn, proofFromGiven } from './derivations.ts'
import { matcherOf, type Judged, type Matcher, type Pattern } from './patterns.ts'
import { pricesIn, type Hold } from './prices.ts'
import { thingsOf } from './things.ts'
import type { World } from './world.ts'

/** Supposed things tried one by one, where the cheapest chain would take two at once; ours. */
const SUPPOSED_ALONE = 64

/** Every pattern held against the world; `judged` is from the analysis of the same facts under the same policy. */
export function breachesOf(world: World, judged: Judged, patterns: readonly Pattern[]): Breaches {
  const { snapshot, policy } = world
  const { inventory } = snapshot
  const it: Asked = { world, matcher: matcherOf(world, judged), pricesOf: pricesIn(world) }
  const chains = patterns.map((pattern) => breachOf(it, pattern))
  const named = thingsOf(inventory)
  for (const { stages, proof, blockedBy } of chains) {
    for (const { node } of stages) named.name(node)
    for (const each of blockedBy) named.name(each)
    if (proof !== null) named.nameProof(proof)
  }
  return {
    breaches: 1,
    snapshot: { id: snapshotId(inventory), ...inventory.snapshot, facts: inventory.facts.length },
    policy: { name: policy.name, hash: policy.hash },
    diagnostics: inventory.diagnostics.map((each) => ({ ...each })),
    chains,
    things: named.things(),
  }
}

/** What all patterns are held against. */
interface Asked {
  readonly world: World
  readonly matcher: Matcher
  readonly pricesOf: ReturnType<typeof pricesIn>
}

function breachOf(it: Asked, pattern: Pattern): Breach {
  const { world, matcher } = it
  const supposed = pattern.suppose === null ? [] : supposedNodes(world, matcher, pattern)
  const together = searched(it, pattern, supposed)
  if (!('found' in together) || together.by('supposed').length < 2) return reported(world, pattern, together)
  // two things at once are more than was supposed: each of them is tried alone
  const first = [...new Set([...together.by('supposed'), ...supposed])].slice(0, SUPPOSED_ALONE)
  let best: Searched = { reached: 0 }
  for (const node of first) {
    const alone = searched(it, pattern, [node])
    if (severity(alone) < severity(best)) best = alone
    // to suppose less makes no chain cheaper, so none is better than that of all together
    if (severity(best) <= severity(together)) break
  }
  return reported(world, pattern, 'found' in best ? best : together)
}

/** The outcome of one search, and what of it is had in which way. */
type Searched = { readonly found: Found; readonly by: (hold: Hold) => readonly number[] } | { readonly reached: number }

function searched({ world, matcher, pricesOf }: Asked, pattern: Pattern, supposed: readonly number[]): Searched {
  const prices = pricesOf(pattern.attackers, supposed)
  const found = findChain(world, prices, matcher, pattern.chain)
  if ('reached' in found) return found
  const given = givenIn(found.nodes.at(-1)!, found.steps)
  return { found, by: (hold) => given.filter((node) => prices.hold(node) === hold) }
}

/** 0 for a chain that holds, rising with what stands in its way. */
function severity(it: Searched): number {
  if (!('found' in it)) return 3
  if (it.by('not_defeated').length + it.found.controls.length > 0) return 2
  return it.by('in_doubt').length > 0 ? 1 : 0
}

/** Nodes that are such things and that somebody could hold. */
function supposedNodes({ snapshot }: World, matcher: Matcher, { suppose }: Pattern): number[] {
  return snapshot.nodeIds.flatMap((id, node) => {
    const fact = snapshot.inventory.get(id)?.fact
    if (fact === undefined || (fact.fact === 'account' && fact.enabled === false)) return []
    return matcher.isSuch(node, suppose!) ? [node] : []
  })
}

function reported(world: World, pattern: Pattern, it: Searched): Breach {
  const { snapshot } = world
  const idsOf = (nodes: readonly number[]) => nodes.map((node) => snapshot.nodeIds[node]!)
  const { id, title, incidents, factor, lesson, controls, attackers, chain } = pattern
  const head = { id, title, incidents, factor, attackers: attackers.map(({ name }) => name) }
  const rest = { lesson, controls }
  if (!('found' in it)) {
    const missing = chain[it.reached]!.says
    return {
      ...head,
      status: 'absent',
      stages: [],
      proof: null,
      supposed: [],
      doubts: [],
      blockedBy: [],
      missing,
      ...rest,
    }
  }
  const supposed = it.by('supposed')
  const tooMany = supposed.length > 1 ? supposed : []
  const blockedBy = [...idsOf([...it.by('not_defeated'), ...tooMany]), ...it.found.controls]
  const doubts = idsOf(it.by('in_doubt'))
  return {
    ...head,
    status: blockedBy.length > 0 ? 'blocked' : doubts.length > 0 ? 'unknown' : 'possible',
    stages: it.found.nodes.map((node, i) => ({ says: chain[i]!.says, node: snapshot.nodeIds[node]! })),
    proof: proofFromGiven(snapshot, it.found.nodes.at(-1)!, it.found.steps),
    supposed: idsOf(supposed),
    doubts,
    blockedBy,
    missing: null,
    ...rest,
  }
}
