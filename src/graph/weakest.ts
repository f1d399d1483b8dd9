import { buildCostTable, FIELD_MAX, NO_COST, plus, plusRule, tierOf, TIERS, type CostTable } from './cost-table.ts'
import { buildCostQueue, dequeue, enqueue, isCheaper, takeFirst, type CostQueue } from './cost-queue.ts'
import type { Program } from './program.ts'
import type { ProofStep } from './proof.ts'

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
  /** per node: the last rule of its cheapest derivation; {@link NONE} */
  readonly rules: Uint32Array
  /** per node: body node of a plain edge; nodeCount + gate; {@link NONE} for a rule that needs nothing */
  readonly sources: Uint32Array
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
  const { nodeCount, axioms, axiomRules, gateHeads, gateNeeds } = program
  const classes = costClasses(program, costs)
  const table = buildCostTable()
  const queue = buildCostQueue(nodeCount)
  const run: Run = {
    table,
    queue,
    classes,
    sums: new Uint32Array(TIERS * EFFORTS),
    rules: new Uint32Array(nodeCount).fill(NONE),
    sources: new Uint32Array(nodeCount).fill(NONE),
    places: new Uint32Array(nodeCount).fill(NONE),
    missing: gateNeeds.slice(),
    gathered: new Uint32Array(gateHeads.length),
    settled: 0,
  }
  for (let i = 0; i < axioms.length; i++) {
    const rule = axiomRules[i]
    const cost = plusRule(table, 0, classes[rule] >>> 8, classes[rule] & 255)
    offer(run, axioms[i], cost, rule, NONE)
  }
  for (let cost = dequeue(queue, table); cost !== NO_COST; cost = dequeue(queue, table)) settleAll(program, run, cost)
  const { costIds } = queue
  const tiers = new Uint8Array(nodeCount).fill(NO_TIER)
  for (let v = 0; v < nodeCount; v++) if (costIds[v] !== NO_COST) tiers[v] = tierOf(table, costIds[v])
  const { rules, sources, places } = run
  return { tiers, rules, sources, places, costIds, costs: table.fields.slice(0, table.size * TIERS) }
}

const EFFORTS = 256

/** What one pass works on. */
interface Run {
  readonly table: CostTable
  readonly queue: CostQueue
  /** per rule: tier * 256 + effort */
  readonly classes: Uint16Array
  /** per class: id of the cost being settled plus that class; {@link NONE} until it is asked for */
  readonly sums: Uint32Array
  readonly rules: Uint32Array
  readonly sources: Uint32Array
  readonly places: Uint32Array
  /** per gate: body nodes it still waits for */
  readonly missing: Uint16Array
  /** per gate: id of the cost of those it has */
  readonly gathered: Uint32Array
  settled: number
}

function costClasses({ ruleCount }: Program, { tiers, efforts }: RuleCosts): Uint16Array {
  if (tiers.length !== ruleCount || efforts.length !== ruleCount) {
    throw new RangeError(`${tiers.length} tiers and ${efforts.length} efforts for ${ruleCount} rules`)
  }
  const classes = new Uint16Array(ruleCount)
  for (let r = 0; r < ruleCount; r++) {
    const tier = tiers[r]
    if (tier >= TIERS) throw new RangeError(`tier ${tier} of rule ${r} is above ${TIERS - 1}`)
    classes[r] = tier * EFFORTS + (tier > 0 && efforts[r] === 0 ? 1 : efforts[r])
  }
  return classes
}

/** Settles every node of one cost, also those that join its list on the way over rules that cost nothing. */
function settleAll(program: Program, run: Run, cost: number): void {
  const { outOffsets, outHeads, outRules, nodeGateOffsets, nodeGates, gateHeads, gateRules } = program
  const { table, queue, classes, sums, rules, sources, places, missing, gathered } = run
  const { costIds } = queue
  let { upper, lower } = table
  sums.fill(NONE)
  for (let v = takeFirst(queue, cost); v >= 0; v = takeFirst(queue, cost)) {
    places[v] = run.settled++
    for (let e = outOffsets[v], end = outOffsets[v + 1]; e < end; e++) {
      const head = outHeads[e]
      const old = costIds[head]
      if (old === cost) continue // nothing is cheaper than what is being settled
      const rule = outRules[e]
      const kind = classes[rule]
      let sum = sums[kind]
      if (sum === NONE) {
        sum = sums[kind] = plusRule(table, cost, kind >>> 8, kind & 255)
        upper = table.upper
        lower = table.lower
      }
      if (old !== NONE && !isCheaper(upper, lower, sum, old)) continue
      enqueue(queue, table, head, sum)
      rules[head] = rule
      sources[head] = v
    }
    for (let e = nodeGateOffsets[v], end = nodeGateOffsets[v + 1]; e < end; e++) {
      const gate = nodeGates[e]
      if (missing[gate] === 0) continue // the k cheapest are in; this one is dearer
      gathered[gate] = plus(table, gathered[gate], cost)
      if (--missing[gate] > 0) continue
      const rule = gateRules[gate]
      const sum = plusRule(table, gathered[gate], classes[rule] >>> 8, classes[rule] & 255)
      offer(run, gateHeads[gate], sum, rule, program.nodeCount + gate)
    }
    upper = table.upper
    lower = table.lower
  }
}

/** Takes a derivation of a node if it is the cheapest so far. */
function offer({ table, queue, rules, sources }: Run, node: number, cost: number, rule: number, source: number): void {
  const old = queue.costIds[node]
  if (old !== NO_COST && !isCheaper(table.upper, table.lower, cost, old)) return
  enqueue(queue, table, node, cost)
  rules[node] = rule
  sources[node] = source
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
export function weakestProof(program: Program, { rules, sources, places }: Weakest, node: number): ProofStep[] {
  if (!(places[node] < NONE)) throw new RangeError(`nothing derives node ${node}`)
  const steps: ProofStep[] = []
  const wanted = [node]
  const seen = new Set(wanted)
  for (let v = wanted.pop(); v !== undefined; v = wanted.pop()) {
    const from = bodyOf(program, sources[v], places)
    steps.push({ rule: rules[v], node: v, from })
    for (const body of from) {
      if (seen.has(body)) continue
      seen.add(body)
      wanted.push(body)
    }
  }
  return steps.sort((a, b) => places[a.node] - places[b.node])
}

/** The body nodes that a derivation uses: of a gate those settled first, which are its cheapest. */
function bodyOf(program: Program, source: number, places: Uint32Array): number[] {
  if (source === NONE) return []
  if (source < program.nodeCount) return [source]
  const gate = source - program.nodeCount
  const body = program.gateBodies.slice(program.gateBodyOffsets[gate], program.gateBodyOffsets[gate + 1])
  return Array.from(body.sort((a, b) => places[a] - places[b])).slice(0, program.gateNeeds[gate])
}
