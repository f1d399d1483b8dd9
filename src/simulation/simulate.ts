/** A scenario or the whole table of attackers, worked out and put into the contract's form. Pure, as the analysis is. */
import { attackerSeeds } from '#analysis/attackers.ts'
import { snapshotId } from '#analysis/snapshot-id.ts'
import { CAPABILITIES, IMPACTS, type Capability, type Impact } from '#contract/vocabulary.ts'
import type {
  Fallen,
  FirstThatMattered,
  Given,
  LostCapability,
  Scenario,
  Simulation,
  SimulationRow,
  Wave,
} from '#contract/simulation.ts'
import { ruleStep } from '#analysis/proofs.ts'
import { closure, NEVER, proofOf, type Closure } from '#graph/closure.ts'
import type { Attacker } from '#policy/policy.ts'
import { proofFromGiven } from './derivations.ts'
import { sensitivityOf } from './sensitivity.ts'
import { takeover, type Acting, type GivenNode, type Takeover } from './takeover.ts'
import { thingsOf } from './things.ts'
import type { World } from './world.ts'

/** Nodes that the waves list at most; more are counted, and the scenario says that it was cut. */
export const LISTED_LIMIT = 50_000

type ByImpact = Record<Impact, number>
const nobody = (): ByImpact => ({ none: 0, low: 0, moderate: 0, high: 0 })

/** What falls to these attackers together, step by step. */
export function simulate(world: World, acting: Acting): Simulation {
  const fall = takeover(world, acting)
  const { waves, cut } = wavesOf(world, fall)
  const lost = nobody()
  for (const [id, { impact }] of world.impacts) if (fall.stepOf(nodeOf(world, id)) < Infinity) lost[impact]++
  const scenario: Scenario = {
    attackers: acting.attackers.map(attackerOf),
    starts: [...acting.starts],
    given: fall.given.map((each) => givenOf(world, each)),
    waves,
    cut,
    lost: { nodes: fall.order.length, accounts: sum(lost), byImpact: lost },
    capabilities: lostCapabilities(world, fall),
    firstThatMattered: firstThatMattered(world, fall.stepOf, fall.proof),
    sensitivity: sensitivityOf(world, acting),
  }
  return simulationOf(world, scenario, null)
}

/** Every attacker of the policy alone, all of them in one pass. */
export function simulateAll(world: World): Simulation {
  const { snapshot, program, policy } = world
  const seeds = attackerSeeds(snapshot, policy.attackers, world.signIn)
  const fallen = closure(program, seeds)
  return simulationOf(
    world,
    null,
    policy.attackers.map((attacker, lane) => rowOf(world, fallen, attacker, lane)),
  )
}

function rowOf(world: World, fallen: Closure, attacker: Attacker, lane: number): SimulationRow {
  const { program } = world
  const rankOf = (node: number) => fallen.ranks[node * 32 + lane]!
  const byImpact = nobody()
  let [given, nodes, steps] = [0, 0, 0]
  for (let node = 0; node < program.nodeCount; node++) {
    const rank = rankOf(node)
    if (rank === NEVER) continue
    nodes++
    if ((fallen.seeds[node]! >>> lane) & 1) given++
    steps = Math.max(steps, rank)
  }
  for (const [id, { impact }] of world.impacts) if (rankOf(nodeOf(world, id)) !== NEVER) byImpact[impact]++
  const stepOf = (node: number) => (rankOf(node) === NEVER ? Infinity : rankOf(node))
  return {
    attacker: attackerOf(attacker),
    given,
    nodes,
    accounts: sum(byImpact),
    byImpact,
    steps,
    firstThatMattered: firstThatMattered(world, stepOf, (node) => proofOf(program, fallen, node, lane)),
  }
}

function simulationOf(world: World, scenario: Scenario | null, table: readonly SimulationRow[] | null): Simulation {
  const { snapshot, policy } = world
  const { inventory } = snapshot
  const byImpact = nobody()
  for (const { impact } of world.impacts.values()) byImpact[impact]++
  const named = thingsOf(inventory)
  if (scenario !== null) {
    for (const { id } of scenario.given) named.name(id)
    for (const { fallen } of scenario.waves) for (const { node, from } of fallen) [node, ...from].forEach(named.name)
    for (const { proof } of scenario.capabilities) named.nameProof(proof)
    for (const { about } of scenario.sensitivity.doubts) named.name(about)
  }
  for (const each of [scenario, ...(table ?? [])]) {
    if (each?.firstThatMattered) named.nameProof(each.firstThatMattered.proof)
  }
  return {
    simulation: 1,
    snapshot: { id: snapshotId(inventory), ...inventory.snapshot, facts: inventory.facts.length },
    policy: { name: policy.name, hash: policy.hash },
    accounts: { total: world.impacts.size, byImpact },
    diagnostics: inventory.diagnostics.map((each) => ({ ...each })),
    scenario,
    table: table === null ? null : [...table],
    things: named.things(),
  }
}

const nodeOf = ({ snapshot }: World, id: string): number => snapshot.indexOf.get(id)!
const sum = (counts: ByImpact): number => counts.none + counts.low + counts.moderate + counts.high
const attackerOf = ({ name, title, tier, source }: Attacker) => ({ name, title, tier, source })

/** The easiest way by which any of them defeats it; a start is theirs without one. */
function givenOf({ snapshot }: World, { node, by }: GivenNode): Given {
  const easiest = by
    .flatMap(({ defeat }) => defeat ?? [])
    .toSorted((a, b) => a.effort - b.effort)
    .at(0)
  return {
    id: snapshot.nodeIds[node]!,
    attackers: by.map(({ attacker }) => attacker.name),
    effort: easiest?.effort ?? null,
    basis: easiest?.basis ?? null,
    source: easiest?.source ?? null,
  }
}

/** What falls at each step after the given, accounts of high impact first. */
function wavesOf(world: World, { order, stepOf, lastStep }: Takeover): { waves: Wave[]; cut: boolean } {
  const { snapshot, impacts } = world
  const waves: Wave[] = []
  let listed = 0
  for (const node of order) {
    const step = stepOf(node)
    if (step === 0) continue
    const wave = (waves[step - 1] ??= { step, nodes: 0, accounts: 0, highImpact: 0, fallen: [] })
    const impact = impacts.get(snapshot.nodeIds[node]!)?.impact
    wave.nodes++
    if (impact !== undefined) wave.accounts++
    if (impact === 'high') wave.highImpact++
    if (listed++ >= LISTED_LIMIT) continue
    const last = lastStep(node)
    wave.fallen.push({ ...ruleStep(snapshot, last.rule, last), ...(impact === undefined ? {} : { impact }) })
  }
  for (const { fallen } of waves) fallen.sort(byWeight)
  return { waves, cut: listed > LISTED_LIMIT }
}

const weightOf = ({ impact }: Fallen): number => (impact === undefined ? -1 : IMPACTS.indexOf(impact))
const byWeight = (a: Fallen, b: Fallen): number => weightOf(b) - weightOf(a) || (a.node < b.node ? -1 : 1)

type StepOf = (node: number) => number
type ProofOf = Takeover['proof']

/** The account of high impact that falls soonest; of several, the first by id. */
function firstThatMattered(world: World, stepOf: StepOf, proof: ProofOf): FirstThatMattered | null {
  let first: { account: string; step: number } | null = null
  for (const [account, { impact }] of world.impacts) {
    if (impact !== 'high') continue
    const step = stepOf(nodeOf(world, account))
    if (step === Infinity) continue
    if (first === null || step < first.step || (step === first.step && account < first.account)) {
      first = { account, step }
    }
  }
  if (first === null) return null
  const node = nodeOf(world, first.account)
  return { ...first, impact: 'high', proof: proofFromGiven(world.snapshot, node, proof(node)) }
}

/** For each capability, the nearest right of the highest impact that falls; the worst first. */
function lostCapabilities(world: World, fall: Takeover): LostCapability[] {
  const { snapshot, rights } = world
  const lost = new Map<Capability, { impact: Impact; rights: number; node: number }>()
  for (const { node, capability } of snapshot.rights) {
    if (fall.stepOf(node) === Infinity) continue
    const { impact } = rights.get(node)!
    const name = CAPABILITIES[capability]!
    const best = lost.get(name)
    const higher = best === undefined ? 1 : IMPACTS.indexOf(impact) - IMPACTS.indexOf(best.impact)
    const sooner = best !== undefined && fall.stepOf(node) < fall.stepOf(best.node)
    lost.set(name, {
      ...(best === undefined || higher > 0 || (higher === 0 && sooner) ? { impact, node } : best),
      rights: (best?.rights ?? 0) + 1,
    })
  }
  return [...lost]
    .toSorted(
      ([a, x], [b, y]) =>
        IMPACTS.indexOf(y.impact) - IMPACTS.indexOf(x.impact) || CAPABILITIES.indexOf(a) - CAPABILITIES.indexOf(b),
    )
    .map(([capability, { impact, rights: count, node }]) => ({
      capability,
      impact,
      rights: count,
      step: fall.stepOf(node),
      first: snapshot.nodeIds[node]!,
      proof: proofFromGiven(snapshot, node, fall.proof(node)),
    }))
}
