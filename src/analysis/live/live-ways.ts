/** Ways in and what they are worth, made when they are asked for: there are many, and they hang on few facts each. */
import type { FactNodes } from '#model/compile.ts'
import type { FactKind } from '#model/facts.ts'
import type { FactView } from '#model/inventory.ts'
import type { Policy } from '#policy/policy.ts'
import { waysOfFact, type Way, type WaysOf } from '../ways-in.ts'
import { bestSignIn, settleNominal, type Worth } from '../worth.ts'
import { namersAt, type FactStore } from './fact-store.ts'
import { isOfKind } from './fact-table.ts'

/** Ways in as the facts have them now; the same objects for one account until another is asked for or a fact changes. */
export function liveWays(facts: FactStore, view: FactView): WaysOf {
  return { get: lately(facts, (account) => waysInto(facts, view, account)) }
}

/** Order of the kinds of facts that are ways in, as in `waysInOf`. */
const WAY_KINDS: readonly FactKind[] = ['wayIn', 'secret', 'session']

function waysInto(facts: FactStore, view: FactView, account: string): readonly Way[] | undefined {
  const stated: { readonly rank: number; readonly entry: number; readonly way: Way }[] = []
  for (const entry of namersAt(facts, account)) {
    const rank = WAY_KINDS.findIndex((kind) => isOfKind(facts.kept, entry, kind))
    if (rank < 0) continue
    for (const way of waysOfFact(view, facts.kept.at(entry))) {
      if (way.account === account) stated.push({ rank, entry, way })
    }
  }
  if (stated.length === 0) return undefined
  stated.sort((a, b) => a.rank - b.rank || a.entry - b.entry)
  return stated.map(({ way }) => way)
}

/** The best sign-in of every account; kept of those that trust another, found among their ways in for the rest. */
export interface BestSignIns {
  readonly get: (account: string) => Worth | undefined
  readonly set: (account: string, worth: Worth) => void
  readonly delete: (account: string) => void
}

export function bestSignIns(facts: FactStore, nodes: FactNodes, policy: Policy, ways: WaysOf): BestSignIns {
  const trusting = new Map<string, Worth>()
  const alone = lately(facts, (account) => {
    const { best, trusts } = bestSignIn(nodes, policy, ways.get(account) ?? [], NOBODY)
    return trusts ? null : best
  })
  return {
    get: (account) => {
      const best = alone(account)
      return best === null ? trusting.get(account) : best
    },
    set: (account, worth) => {
      if (alone(account) === null) trusting.set(account, worth)
    },
    delete: (account) => void trusting.delete(account),
  }
}
const NOBODY = { get: () => undefined }

/** Finds anew what the best sign-in of some accounts is, and of all that trust one of them, which have to be among them. */
export function settleBest(
  it: {
    readonly view: FactView
    readonly indexOf: ReadonlyMap<string, number>
    readonly policy: Policy
    readonly ways: WaysOf
    readonly nominal: BestSignIns
  },
  accounts: ReadonlySet<string>,
): void {
  const { view, indexOf, policy, ways, nominal } = it
  for (const account of accounts) nominal.delete(account)
  settleNominal({ inventory: view, indexOf }, policy, listed(accounts, ways), nominal)
}

function* listed(accounts: ReadonlySet<string>, ways: WaysOf): Generator<readonly [string, readonly Way[]]> {
  for (const account of accounts) yield [account, ways.get(account) ?? []]
}

/** What was worked out last of some facts, worked out again for another account or once a fact has changed. */
function lately<V>(facts: FactStore, make: (account: string) => V): (account: string) => V {
  let last: { readonly account: string; readonly version: number; readonly made: V } | undefined
  return (account) => {
    const { version } = facts
    if (last?.account !== account || last.version !== version) last = { account, version, made: make(account) }
    return last.made
  }
}
