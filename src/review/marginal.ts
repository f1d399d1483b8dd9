/** Marginal reach: what every account would no longer reach if one item alone were withdrawn. */
import { CAPABILITIES, STRENGTHS, type Capability, type Impact, type Strength } from '#contract/vocabulary.ts'
import { buildScratch, explore } from '#graph/explore.ts'
import { buildWorldScratch, reachWithout, WORLDS, type WorldScratch } from '#graph/without.ts'
import type { FactOf } from '#model/facts.ts'
import { HIGH, NO_RIGHT, RANKS, standingOf, type Standing, type World } from './standing.ts'

/** One account's loss by one item. */
export interface Loss {
  /** position among the items */
  readonly item: number
  readonly account: FactOf<'account'>
  readonly before: Standing
  readonly after: Standing
  /** rights that are no longer reached, and those of high impact among them */
  readonly rights: number
  readonly highRights: number
}

/** Node visits after which the remaining accounts are left out; they are then counted, and every sum is a lower bound. */
const VISITS = 3_000_000_000

/**
 * Tells every loss, exactly: for each account, the rules of each item that its reach may rest on are taken away and its
 * reach is derived anew, {@link WORLDS} items to a pass. Returns how many accounts were left out because the budget ran out.
 */
export function eachLoss(world: World, tell: (loss: Loss) => void, budget: number = VISITS): number {
  const { program, accounts, snapshot, items } = world
  const scratch = buildScratch(program)
  const worlds = buildWorldScratch(program)
  let visits = 0
  for (let i = 0; i < accounts.length; i++) {
    if (visits > budget) return accounts.length - i
    const account = accounts[i]!
    const start = snapshot.indexOf.get(account.id)!
    explore(program, scratch, [start, ...program.axioms], null)
    const reached = scratch.queue.subarray(0, scratch.size)
    const candidates = candidatesIn(world, reached)
    visits += reached.length
    if (candidates.length === 0) continue
    const before = standingOf(world, account, totals(world, reached, start))
    for (let from = 0; from < candidates.length; from += WORLDS) {
      const chunk = candidates.slice(from, from + WORLDS)
      const used = chunk.length === WORLDS ? 0xffffffff : (1 << chunk.length) - 1
      const mark = (bit: (lane: number) => number) =>
        chunk.forEach((item, lane) => items.list[item]!.rules.forEach((rule) => (worlds.absent[rule] = bit(lane))))
      mark((lane) => 1 << lane)
      reachWithout(program, worlds, [start], used)
      mark(() => 0)
      visits += reached.length
      lossesOf(world, { account, start, before, reached, chunk, used }, worlds, tell)
    }
  }
  return 0
}

/** Items that made a rule of which some body node is reached: without any other, nothing is lost. */
function candidatesIn({ program, items }: World, reached: Uint32Array): number[] {
  const { outOffsets, outRules } = program
  const found = new Set<number>()
  for (const node of reached) {
    for (let e = outOffsets[node]!; e < outOffsets[node + 1]!; e++) {
      const item = items.itemOfRule[outRules[e]!]!
      if (item >= 0) found.add(item)
    }
  }
  return [...found]
}

interface Totals {
  readonly ranks: Uint8Array
  uncertain: boolean
  nodes: number
  accounts: number
}

/** The start itself is not counted, as in R2. */
function totals({ worth, uncertain, isAccount }: World, reached: Uint32Array, start: number): Totals {
  const sum: Totals = { ranks: new Uint8Array(CAPABILITIES.length), uncertain: false, nodes: 0, accounts: 0 }
  for (const node of reached) {
    const right = worth[node]!
    if (right !== NO_RIGHT) sum.ranks[Math.floor(right / RANKS)]! |= 1 << (right % RANKS)
    if (uncertain[node] === 1) sum.uncertain = true
    if (node === start) continue
    sum.nodes++
    sum.accounts += isAccount[node]!
  }
  return sum
}

interface Question {
  readonly account: FactOf<'account'>
  readonly start: number
  readonly before: Standing
  readonly reached: Uint32Array
  readonly chunk: readonly number[]
  readonly used: number
}

function lossesOf(world: World, question: Question, { masks }: WorldScratch, tell: (loss: Loss) => void): void {
  const { worth, uncertain, isAccount } = world
  const { account, start, before, reached, chunk, used } = question
  const lost = chunk.map(() => ({ nodes: 0, accounts: 0, rights: 0, highRights: 0 }))
  /** capability * RANKS + rank: the worlds in which such a right is reached */
  const present = new Uint32Array(CAPABILITIES.length * RANKS)
  let uncertainIn = 0
  let nodes = 0
  let accounts = 0
  for (const node of reached) {
    const mask = masks[node]!
    const right = worth[node]!
    if (right !== NO_RIGHT) present[right]! |= mask
    if (uncertain[node] === 1) uncertainIn |= mask
    if (node === start) continue
    nodes++
    accounts += isAccount[node]!
    for (let bits = used & ~mask; bits !== 0; bits &= bits - 1) {
      const some = lost[31 - Math.clz32(bits & -bits)]!
      some.nodes++
      some.accounts += isAccount[node]!
      if (right === NO_RIGHT) continue
      some.rights++
      if (right % RANKS === HIGH) some.highRights++
    }
  }
  lost.forEach((some, lane) => {
    if (some.nodes === 0) return
    const ranks = CAPABILITIES.map((_, c) => {
      let bits = 0
      for (let rank = 0; rank < RANKS; rank++) bits |= ((present[c * RANKS + rank]! >>> lane) & 1) << rank
      return bits
    })
    const after = standingOf(
      world,
      account,
      {
        ranks,
        uncertain: ((uncertainIn >>> lane) & 1) === 1,
        nodes: nodes - some.nodes,
        accounts: accounts - some.accounts,
      },
      before,
    )
    tell({ item: chunk[lane]!, account, before, after, rights: some.rights, highRights: some.highRights })
  })
}

/** What withdrawing one item alone would change, over all accounts. */
export interface Marginal {
  /** accounts that lose a right */
  readonly losers: string[]
  /** what stops being reachable with high impact */
  readonly highCapabilities: { account: string; capability: Capability }[]
  /** rights of high impact that stop being reachable, over all accounts */
  highRights: number
  readonly impactFalls: { account: string; from: Impact; to: Impact }[]
  readonly strengthFalls: { account: string; from: Strength; to: Strength }[]
  /** people who sign in with a code that was refused and would be allowed */
  readonly mayKeepCode: string[]
}

/** The marginal reach of every item, and how many accounts the budget left out. */
export function marginals(
  world: World,
  budget?: number,
): { readonly of: readonly Marginal[]; readonly leftOut: number } {
  const of = world.items.list.map((): Marginal => ({
    losers: [],
    highCapabilities: [],
    highRights: 0,
    impactFalls: [],
    strengthFalls: [],
    mayKeepCode: [],
  }))
  const leftOut = eachLoss(world, (loss) => record(world, of[loss.item]!, loss), budget)
  return { of, leftOut }
}

function record(world: World, sum: Marginal, { account, before, after, rights, highRights }: Loss): void {
  const { id } = account
  if (rights > 0) sum.losers.push(id)
  sum.highRights += highRights
  for (const [capability, impact] of before.capabilities) {
    if (impact === 'high' && after.capabilities.get(capability) !== 'high')
      sum.highCapabilities.push({ account: id, capability })
  }
  if (before.impact !== after.impact) sum.impactFalls.push({ account: id, from: before.impact, to: after.impact })
  const [from, to] = [before.requirement.strength, after.requirement.strength]
  if (account.kind === 'human' && from !== to) sum.strengthFalls.push({ account: id, from, to })
  if (mayKeepCode(world, id, before, after)) sum.mayKeepCode.push(id)
}

/** A code was refused and would do, whatever is not known of the reach. */
export function mayKeepCode({ codeSignIns }: World, account: string, before: Standing, after: Standing): boolean {
  if (before.requirement.codes === 'allowed' || after.requirement.codes === 'refused' || after.uncertain) return false
  const least = STRENGTHS.indexOf(after.requirement.strength)
  return (codeSignIns.get(account) ?? []).some(({ rank }) => rank >= least)
}
