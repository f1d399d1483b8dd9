/** Which single fact, if it is otherwise than assumed, changes most what falls. */
import type { Loss, Sensitivity } from '#contract/simulation.ts'
import { closure } from '#graph/closure.ts'
import { buildProgram, type Program } from '#graph/program.ts'
import type { RuleSystem } from '#graph/rules.ts'
import { doubtsOf, type Doubt } from './doubts.ts'
import { givenTo, type Acting } from './takeover.ts'
import type { World } from './world.ts'

const LANES = 32
/** Visits of nodes and arcs that all passes together may cost; ours: a few seconds. Each pass tries up to 32 doubts. */
const WORK = 400_000_000
/** Doubts tried at most, whatever they cost; ours. */
const TRIES = 2048
/** Doubts told of; ours. The rest are counted. */
const TOLD = 10

/**
 * Decides each doubt alone the other way, many to a pass, and all of them together for the best and the worst case.
 * A doubt whose node falls anyway, or whose rule gives nothing that falls, can change nothing and is not tried.
 */
export function sensitivityOf(world: World, acting: Acting, work: number = WORK): Sensitivity {
  const given = givenTo(world, acting).map(({ node }) => node)
  const held = new Set(given)
  const { doubts, cut } = doubtsOf(world, acting.attackers, (node) => held.has(node))
  const turned = withSwitches(world.snapshot.rules, doubts)
  const trial = trialOf(world, turned, given)
  const [best, base, worst] = trial([
    doubts.filter(({ assumed }) => assumed === 'against'),
    [],
    doubts.filter(({ assumed }) => assumed === 'in_favour'),
  ])
  const open = doubts.filter((doubt) => mayMatter(doubt, base!.falls, world.snapshot.rules))
  const cost = turned.program.nodeCount + turned.program.outHeads.length + turned.program.gateBodies.length
  const passes = Math.max(1, Math.floor(work / Math.max(1, cost)))
  const tried = open.slice(0, Math.min(TRIES, passes * LANES))
  const outcomes: { doubt: Doubt; loss: Loss }[] = []
  for (let at = 0; at < tried.length; at += LANES) {
    const batch = tried.slice(at, at + LANES)
    const results = trial(batch.map((one) => [one]))
    batch.forEach((doubt, i) => outcomes.push({ doubt, loss: results[i]!.loss }))
  }
  const told = outcomes
    .map(({ doubt, loss }) => ({
      about: doubt.about,
      reason: doubt.reason,
      fields: [...doubt.fields],
      assumed: doubt.assumed,
      best: doubt.assumed === 'against' ? loss : base!.loss,
      worst: doubt.assumed === 'against' ? base!.loss : loss,
    }))
    .filter((each) => changeOf(each).some((change) => change > 0))
    .toSorted((a, b) => {
      const [x, y] = [changeOf(a), changeOf(b)]
      return y[0]! - x[0]! || y[1]! - x[1]! || (a.about < b.about ? -1 : 1)
    })
  return {
    best: best!.loss,
    base: base!.loss,
    worst: worst!.loss,
    doubts: told.slice(0, TOLD),
    found: doubts.length,
    tried: tried.length,
    telling: told.length,
    cut: cut || tried.length < open.length,
  }
}

const changeOf = ({ best, worst }: { best: Loss; worst: Loss }): readonly number[] => [
  worst.highImpact - best.highImpact,
  worst.accounts - best.accounts,
]

function mayMatter({ turns, assumed }: Doubt, falls: (node: number) => boolean, { heads }: RuleSystem): boolean {
  if ('rule' in turns) return falls(heads[turns.rule]!)
  return assumed === 'against' || !falls(turns.node)
}

interface Turned {
  readonly program: Program
  /** switches by doubted rule: the rule counts where its switch holds */
  readonly switches: ReadonlyMap<number, number>
}

/** The rules with a switch before each doubted one: `head ← rule ∧ switch`, the rule's own body as it was. */
function withSwitches(rules: RuleSystem, doubts: readonly Doubt[]): Turned {
  const doubted = doubts.flatMap(({ turns }) => ('rule' in turns ? [turns.rule] : []))
  const heads = rules.heads.slice()
  const switches = new Map<number, number>()
  const [moreHeads, moreBodies]: [number[], number[]] = [[], []]
  doubted.forEach((rule, i) => {
    const [gate, onOff] = [rules.nodeCount + 2 * i, rules.nodeCount + 2 * i + 1]
    moreHeads.push(heads[rule]!)
    moreBodies.push(gate, onOff)
    heads[rule] = gate
    switches.set(rule, onOff)
  })
  const end = rules.bodyOffsets.at(-1) ?? 0
  const program = buildProgram({
    nodeCount: rules.nodeCount + 2 * doubted.length,
    heads: Uint32Array.from([...heads, ...moreHeads]),
    needs: Uint16Array.from([...rules.needs, ...doubted.map(() => 2)]),
    bodyOffsets: Uint32Array.from([...rules.bodyOffsets, ...doubted.map((_, i) => end + 2 * (i + 1))]),
    bodies: Uint32Array.from([...rules.bodies, ...moreBodies]),
  })
  return { program, switches }
}

interface Trial {
  readonly loss: Loss
  readonly falls: (node: number) => boolean
}

/** Up to 32 variants of the scenario in one pass; each lists the doubts that are turned. */
function trialOf(world: World, { program, switches }: Turned, given: readonly number[]) {
  const accounts = [...world.impacts].map(([id, { impact }]) => ({
    node: world.snapshot.indexOf.get(id)!,
    high: impact === 'high',
  }))
  return (variants: readonly (readonly Doubt[])[]): Trial[] => {
    const all = variants.length === LANES ? 0xffffffff : 2 ** variants.length - 1
    const seeds = new Uint32Array(program.nodeCount)
    for (const node of given) seeds[node] = all
    for (const node of switches.values()) seeds[node] = all
    variants.forEach((turned, lane) => {
      for (const { turns } of turned) seeds['rule' in turns ? switches.get(turns.rule)! : turns.node]! ^= 1 << lane
    })
    const { masks } = closure(program, seeds, all)
    return variants.map((_, lane) => {
      const falls = (node: number) => ((masks[node]! >>> lane) & 1) === 1
      const lost = accounts.filter(({ node }) => falls(node))
      return { falls, loss: { accounts: lost.length, highImpact: lost.filter(({ high }) => high).length } }
    })
  }
}
