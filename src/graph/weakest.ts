import { release } from '#lib/release.ts'
import { buildCostTable, FIELD_MAX, NO_COST, plus, plusRule, tierOf, TIERS, type CostTable } from './cost-table.ts'
import { buildCostQueue, dequeue, enqueue, isCheaper, takeAll, type CostQueue } from './cost-queue.ts'
import type { Program } from './program.ts'
import { stepOf, unwind, type ProofStep } from './proof.ts'

/** What each rule costs whoever uses it. */
export interface RuleCosts {
  /** per rule of the system: 0 … 4, how capable an attacker must be */
  readonly tiers: Uint8Array
  /** per rule: 0 … 255, how much work within its tier; 0 counts as 1 in the tiers above 0, so that a tier always shows */
  readonly efforts: Uint8Array
}

/** Tier of a node that nothing derives, and index of no rule, node or place. */
export const NO_TIER = 255
export const NONE = 0xffffffff

/** The cheapest derivation of every node. */
export interface Weakest {
  /** per node: the highest tier with any effort in its cheapest derivation; {@link NO_TIER} where there is none */
  readonly tiers: Uint8Array
  /** per node: the last step of its cheapest derivation, as a number that {@link ruleOf} reads; {@link NONE} */
  readonly vias: Uint32Array
  /** per node: its place in the order in which the nodes were settled; {@link NONE} */
  readonly places: Uint32Array
  /** per node: index of its cost in {@link costs}; {@link NONE} */
  readonly costIds: Uint32Array
  /** cost * 5 + tier: effort */
  readonly costs: Uint32Array
}

/**
 * Returns the cheapest derivation of every node from the rules that need nothing, exact in one pass.
 *
 * The cost of a derivation is, per tier, the sum of the efforts of its rules in that tier, compared from the highest
 * tier down. It is the cost of the *tree*: what is derived once and used twice counts twice (to count it once is
 * NP-hard). A rule that needs k takes its k cheapest body nodes.
 *
 * Adding the same to both sides keeps this order, and no sum is cheaper than its parts: the *superior functions* of
 * D. E. Knuth, "A generalization of Dijkstra's algorithm" (1977), so each node is final when it is settled. The pair
 * (highest tier, sum of all efforts) would not do: (1, 9) < (2, 1), yet after a rule of tier 2 and effort 1 they are
 * (2, 10) > (2, 2), so the cheaper part would make the dearer whole.
 *
 * O(arcs + distinct costs · log distinct costs).
 *
 * @throws {RangeError} if there is not one cost per rule, or a tier above 4
 */
export function weakest(program: Program, costs: RuleCosts): Weakest {
  const { nodeCount, axioms, axiomRules, outHeads, gateHeads, gateNeeds } = program
  const leastKind = leastKindOf(program, costs)
  const table = buildCostTable()
  const batch = new Uint32Array(Math.ceil(nodeCount / DENSE))
  const queue = buildCostQueue(batch.length)
  const run: Run = {
    table,
    queue,
    costs,
    leastKind,
    sums: new Uint32Array(TIERS * EFFORTS),
    costIds: new Uint32Array(nodeCount).fill(NO_COST),
    vias: new Uint32Array(nodeCount).fill(NONE),
    places: new Uint32Array(nodeCount).fill(NONE),
    isSettled: new Uint8Array(nodeCount),
    batch,
    missing: gateNeeds.slice(),
    gathered: new Uint32Array(gateHeads.length),
    settled: 0,
  }
  for (let i = 0; i < axioms.length; i++) {
    const cost = plusKind(table, 0, kindOf(costs, axiomRules[i]))
    offer(run, axioms[i], cost, outHeads.length + gateHeads.length + i)
  }
  for (let cost = dequeue(queue, table); cost !== NO_COST; cost = dequeue(queue, table)) settleAll(program, run, cost)
  const { costIds, vias, places } = run
  release(run.isSettled, run.missing, run.gathered, batch, queue.nodes, queue.before)
  return { tiers: tiersOf(table, costIds), vias, places, costIds, costs: table.fields.slice(0, table.size * TIERS) }
}

/** Kinds of rules by cost: a tier times this, plus an effort. */
const EFFORTS = 256

/** More than a DENSEth of the nodes at one cost are found by a walk over all of them; see `front.ts`. */
const DENSE = 64

/** What one pass works on. */
interface Run {
  readonly table: CostTable
  readonly queue: CostQueue
  readonly costs: RuleCosts
  /** the cheapest kind of rule there is */
  readonly leastKind: number
  /** per kind: id of the cost being settled plus a rule of that kind; {@link NO_COST} until it is asked for */
  readonly sums: Uint32Array
  readonly costIds: Uint32Array
  readonly vias: Uint32Array
  readonly places: Uint32Array
  /** per node: 1 if it has a place; what most edges lead to is settled, and bytes are sooner read than places */
  readonly isSettled: Uint8Array
  /** nodes that are settled together */
  readonly batch: Uint32Array
  /** per gate: body nodes it still waits for */
  readonly missing: Uint16Array
  /** per gate: id of the cost of those it has */
  readonly gathered: Uint32Array
  settled: number
}

/** Returns the cheapest kind among all rules, and refuses costs that do not fit them. */
function leastKindOf({ ruleCount }: Program, { tiers, efforts }: RuleCosts): number {
  if (tiers.length !== ruleCount || efforts.length !== ruleCount) {
    throw new RangeError(`${tiers.length} tiers and ${efforts.length} efforts for ${ruleCount} rules`)
  }
  let least = TIERS * EFFORTS - 1
  for (let r = 0; r < ruleCount; r++) {
    if (tiers[r] >= TIERS) throw new RangeError(`tier ${tiers[r]} of rule ${r} is above ${TIERS - 1}`)
    const kind = tiers[r] * EFFORTS + efforts[r]
    if (kind < least) least = kind
  }
  return least
}

function kindOf({ tiers, efforts }: RuleCosts, rule: number): number {
  return tiers[rule] * EFFORTS + efforts[rule]
}

/** Returns the id of a cost plus a rule of one kind. */
function plusKind(table: CostTable, cost: number, kind: number): number {
  const tier = Math.floor(kind / EFFORTS)
  const effort = kind % EFFORTS
  return plusRule(table, cost, tier, tier > 0 && effort === 0 ? 1 : effort)
}

function tiersOf(table: CostTable, costIds: Uint32Array): Uint8Array {
  const ofCosts = Uint8Array.from({ length: table.size }, (_, id) => tierOf(table, id))
  const tiers = new Uint8Array(costIds.length)
  for (let v = 0; v < tiers.length; v++) tiers[v] = costIds[v] === NO_COST ? NO_TIER : ofCosts[costIds[v]]
  return tiers
}

/**
 * Settles every node of one cost, also those that come to it on the way over rules that cost nothing. Many at once are
 * found by a walk over all nodes, in order, so that the arrays are read along, not across.
 */
function settleAll(program: Program, run: Run, cost: number): void {
  const { nodeCount } = program
  const { queue, batch } = run
  run.sums.fill(NO_COST)
  for (let count = takeAll(queue, cost, batch); count > 0; count = takeAll(queue, cost, batch)) {
    if (count <= batch.length) {
      spread(program, run, cost, placeListed(run, cost, count))
      continue
    }
    for (let from = 0; from < nodeCount; from += batch.length) {
      spread(program, run, cost, placeAmong(run, cost, from, Math.min(from + batch.length, nodeCount)))
    }
  }
}

/**
 * Settles the nodes of the batch, less those whose entry is out of date: they have become cheaper, and settled long
 * since. Returns how many are left in the batch.
 */
function placeListed(run: Run, of: number, count: number): number {
  const { costIds, isSettled, places, batch } = run
  const cost = of >>> 0 // known to be a whole number, it is compared as one
  const { settled } = run
  let size = 0
  for (let i = 0; i < count; i++) {
    const v = batch[i]
    if (costIds[v] !== cost || isSettled[v] !== 0) continue
    isSettled[v] = 1
    places[v] = settled + size
    batch[size++] = v
  }
  run.settled = settled + size
  return size
}

/** Settles the nodes in a range that have come to a cost, and puts them into the batch. Returns how many they are. */
function placeAmong(run: Run, of: number, from: number, to: number): number {
  const { costIds, isSettled, places, batch } = run
  const cost = of >>> 0
  const { settled } = run
  let size = 0
  for (let v = from; v < to; v++) {
    if (costIds[v] !== cost || isSettled[v] !== 0) continue
    isSettled[v] = 1
    places[v] = settled + size
    batch[size++] = v
  }
  run.settled = settled + size
  return size
}

/** Offers what follows from the first nodes of the batch, which cost `cost`. */
function spread(program: Program, run: Run, cost: number, size: number): void {
  const { outOffsets, outHeads, outRules, nodeGateOffsets, nodeGates, gateHeads, gateRules } = program
  const { table, queue, costs, sums, costIds, vias, isSettled, batch, missing, gathered } = run
  const { tiers, efforts } = costs
  const least = plusKind(table, cost, run.leastKind) >>> 0
  for (let i = 0; i < size; i++) {
    const v = batch[i]
    for (let e = outOffsets[v], end = outOffsets[v + 1]; e < end; e++) {
      const head = outHeads[e]
      if (isSettled[head] !== 0) continue
      const old = costIds[head]
      // no rule makes it cheaper than `least`: then this one is not looked at
      if (old === least || (old !== NO_COST && !isCheaper(table.upper, table.lower, least, old))) continue
      const rule = outRules[e]
      const kind = tiers[rule] * EFFORTS + efforts[rule]
      let sum = sums[kind]
      if (sum === NO_COST) sum = sums[kind] = plusKind(table, cost, kind)
      if (old !== NO_COST && !isCheaper(table.upper, table.lower, sum, old)) continue
      costIds[head] = sum
      vias[head] = e
      enqueue(queue, table, head, sum)
    }
    for (let e = nodeGateOffsets[v], end = nodeGateOffsets[v + 1]; e < end; e++) {
      const gate = nodeGates[e]
      // once the k cheapest are in, all others are dearer
      if (missing[gate] === 0 || isSettled[gateHeads[gate]] !== 0) continue
      gathered[gate] = gathered[gate] === 0 ? cost : plus(table, gathered[gate], cost)
      if (--missing[gate] > 0) continue
      offer(
        run,
        gateHeads[gate],
        plusKind(table, gathered[gate], kindOf(costs, gateRules[gate])),
        outHeads.length + gate,
      )
    }
  }
}

/** Takes a derivation of a node if it is the cheapest so far. */
function offer({ table, queue, costIds, vias }: Run, node: number, cost: number, via: number): void {
  const old = costIds[node]
  if (old !== NO_COST && !isCheaper(table.upper, table.lower, cost, old)) return
  costIds[node] = cost
  vias[node] = via
  enqueue(queue, table, node, cost)
}

/**
 * Returns the effort that the cheapest derivation of a node spends in each tier, 0 … 4; null where there is none.
 * A tier that reads {@link FIELD_MAX} took at least that much, and the tiers below it are then unknown: see {@link isSaturated}.
 */
export function effortOf({ costIds, costs }: Weakest, node: number): number[] | null {
  const id = costIds[node]
  return id === NO_COST ? null : Array.from(costs.subarray(id * TIERS, (id + 1) * TIERS))
}

/** Whether a node's cost ran over in some tier, so that it is a lower bound there and unknown in the tiers below. */
export function isSaturated(weakest: Weakest, node: number): boolean {
  return effortOf(weakest, node)?.includes(FIELD_MAX) ?? false
}

/**
 * Returns the cheapest derivation of a node, each node of it once, in order.
 *
 * @throws {RangeError} if nothing derives the node
 */
export function weakestProof(program: Program, { vias, places }: Weakest, node: number): ProofStep[] {
  if (!(places[node] < NONE)) throw new RangeError(`nothing derives node ${node}`)
  const placeOf = (v: number): number => places[v]
  return unwind(node, { isGiven: () => false, placeOf, stepTo: (v) => stepOf(program, v, vias[v], placeOf) })
}

/** Returns the last rule of a node's cheapest derivation; null where there is none. */
export function ruleOf(program: Program, { vias, places }: Weakest, node: number): number | null {
  return vias[node] === NONE ? null : stepOf(program, node, vias[node], (v) => places[v]).rule
}
