/** Finds the cheapest chain of a pattern: stage after stage, each led to by the one before through rules that can apply. */
import type { ProofStep } from '#graph/proof.ts'
import { BLOCKED_PRICE, type Prices } from './prices.ts'
import { buildHeap } from './heap.ts'
import type { Matcher, Stage } from './patterns.ts'
import type { World } from './world.ts'

export interface Found {
  /** what stands for each stage */
  readonly nodes: readonly number[]
  /** derivation of the last of them through the others, without what is had by itself */
  readonly steps: readonly ProofStep[]
  /** controls of ways in that a stage asks to be without */
  readonly controls: readonly string[]
}

/** The chain, or how many stages can be had at all. */
export type Search = Found | { readonly reached: number }

/** A move of the chain: the rule that gave a node, and what of its body was not the node before. */
interface Move {
  /** state before; -1 at the start */
  readonly from: number
  /** the rule; null where the node is simply had */
  readonly rule: number | null
  readonly node: number
  readonly body: readonly number[]
  readonly controls: readonly string[]
}

/**
 * Dijkstra over (stage, node): at a node of stage s, every rule that the node is part of leads on, at the price of what
 * else the rule needs; where its head is what stage s + 1 asks for, the chain may take it as that. O(stages × arcs × log).
 */
export function findChain(world: World, prices: Prices, matcher: Matcher, chain: readonly Stage[]): Search {
  const { nodeCount } = world.program
  const best = new Float64Array(chain.length * nodeCount).fill(Infinity)
  const moves = new Map<number, Move>()
  const heap = buildHeap()
  const offer = (stage: number, move: Move, price: number) => {
    const state = stage * nodeCount + move.node
    const whole = price + move.controls.length * BLOCKED_PRICE
    if (whole >= best[state]!) return
    best[state] = whole
    moves.set(state, move)
    heap.push(whole, state)
  }
  for (const { move, price } of startsOf(world, prices, matcher, chain[0]!)) offer(0, move, price)
  let reached = 0
  for (let next = heap.pop(); next !== null; next = heap.pop()) {
    const { cost, item: state } = next
    if (cost > best[state]!) continue
    const [stage, node] = [Math.floor(state / nodeCount), state % nodeCount]
    reached = Math.max(reached, stage + 1)
    if (stage === chain.length - 1) return assemble(world, prices, moves, state)
    for (const { rule, head, body, price } of leadsFrom(world, prices, node)) {
      const move = { from: state, rule, node: head, body }
      offer(stage, { ...move, controls: [] }, cost + price)
      const controls = matcher.atStage(head, rule, chain[stage + 1]!)
      if (controls !== null) offer(stage + 1, { ...move, controls }, cost + price)
    }
  }
  return { reached }
}

/** Where a chain may begin: nodes that are had, and nodes given by a rule of the kind that the first stage asks for. */
function* startsOf(
  { snapshot }: World,
  prices: Prices,
  matcher: Matcher,
  stage: Stage,
): Generator<{ move: Move; price: number }> {
  const { rules } = snapshot
  for (let node = 0; node < rules.nodeCount; node++) {
    if (prices.of[node] === Infinity) continue
    const controls = matcher.atStage(node, null, stage)
    if (controls !== null) yield { move: { from: -1, rule: null, node, body: [], controls }, price: prices.of[node]! }
  }
  if (stage.by === undefined && stage.purpose === undefined && stage.without === undefined) return
  for (let rule = 0; rule < rules.heads.length; rule++) {
    const node = rules.heads[rule]!
    const controls = matcher.atStage(node, rule, stage)
    if (controls === null) continue
    const bodies = rules.bodies.subarray(rules.bodyOffsets[rule], rules.bodyOffsets[rule + 1])
    // nothing helps to give itself
    const others = Array.from(bodies).filter((body) => body !== node)
    const taken = cheapest(prices, others, rules.needs[rule]!)
    if (taken === null) continue
    yield { move: { from: -1, rule, node, body: taken.body, controls }, price: taken.price + 1 }
  }
}

interface Lead {
  readonly rule: number
  readonly head: number
  readonly body: readonly number[]
  readonly price: number
}

/** The rules that a node is part of and that can apply, at the price of what else they need. */
function* leadsFrom({ program }: World, prices: Prices, node: number): Generator<Lead> {
  const { outOffsets, outHeads, outRules, nodeGateOffsets, nodeGates } = program
  for (let e = outOffsets[node]!; e < outOffsets[node + 1]!; e++) {
    yield { rule: outRules[e]!, head: outHeads[e]!, body: [], price: 1 }
  }
  for (let e = nodeGateOffsets[node]!; e < nodeGateOffsets[node + 1]!; e++) {
    const gate = nodeGates[e]!
    const bodies = program.gateBodies.subarray(program.gateBodyOffsets[gate], program.gateBodyOffsets[gate + 1])
    const others = Array.from(bodies).filter((body) => body !== node)
    const taken = cheapest(prices, others, program.gateNeeds[gate]! - 1)
    if (taken === null) continue
    yield { rule: program.gateRules[gate]!, head: program.gateHeads[gate]!, body: taken.body, price: taken.price + 1 }
  }
}

/** The cheapest of some nodes, as many as are needed; null where too few can be had. */
function cheapest(prices: Prices, nodes: readonly number[], needs: number): { body: number[]; price: number } | null {
  const body = [...new Set(nodes)]
    .filter((node) => prices.of[node]! < Infinity)
    .toSorted((a, b) => prices.of[a]! - prices.of[b]!)
    .slice(0, needs)
  if (body.length < needs) return null
  return { body, price: body.reduce((sum, node) => sum + prices.of[node]!, 0) }
}

/** The moves to a state as one derivation: what else each rule needs is derived before it. */
function assemble({ program }: World, prices: Prices, moves: ReadonlyMap<number, Move>, last: number): Found {
  const path: { readonly stage: number; readonly move: Move }[] = []
  for (let state = last; state !== -1;) {
    const move = moves.get(state)!
    path.unshift({ stage: Math.floor(state / program.nodeCount), move })
    state = move.from
  }
  const steps: ProofStep[] = []
  const proved = new Set<number>()
  const add = (step: ProofStep) => {
    if (proved.has(step.node)) return
    proved.add(step.node)
    steps.push(step)
  }
  let before: number | null = null
  for (const { move } of path) {
    for (const node of move.body) prices.proof(node).forEach(add)
    if (move.rule === null) prices.proof(move.node).forEach(add)
    else {
      // said even where the node was proved on the side: the chain goes through this rule, with all that it needs
      steps.push({ rule: move.rule, node: move.node, from: before === null ? move.body : [before, ...move.body] })
      proved.add(move.node)
    }
    before = move.node
  }
  return {
    nodes: path.filter(({ stage }, i) => i === 0 || stage !== path[i - 1]!.stage).map(({ move }) => move.node),
    steps,
    controls: path.flatMap(({ move }) => move.controls),
  }
}
