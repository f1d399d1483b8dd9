import { AAL_OF_STRENGTH, STRENGTHS, type Aal, type Strength } from '#contract/vocabulary.ts'
import { gradeOf, type Grade } from '#assurance/strength.ts'
import type { FactNodes } from '#model/compile.ts'
import type { Policy } from '#policy/policy.ts'
import { proverOf } from './costs.ts'
import type { AuthenticatorFact, Way, WaysOf } from './ways-in.ts'

/** What a way in proves by itself: its weakest alternative, before asking what leads to its authenticators. */
export interface Worth extends Grade {
  /** leaves of the weakest alternative */
  readonly leaves: readonly string[]
  readonly authenticators: readonly AuthenticatorFact[]
}

const NOTHING: Worth = {
  strength: 'none',
  atLeast: 'none',
  atMost: 'none',
  aal: 0,
  phishingResistant: false,
  hardwareBacked: false,
  code: false,
  restricted: false,
  leaves: [],
  authenticators: [],
}
/** Of a way in of which nothing is known, or that proves nothing of its own. */
export const UNKNOWN: Worth = {
  ...NOTHING,
  strength: null,
  atMost: 'hardware',
  aal: null,
  phishingResistant: null,
  hardwareBacked: null,
}

/** -1 for unknown: nothing weaker can be said of it. */
export const rankOf = (strength: Strength | null): number => (strength === null ? -1 : STRENGTHS.indexOf(strength))

/** Purposes whose best is what people mean by "how this account signs in". */
const SIGN_IN = new Set(['sign_in', 'federation'])
export const isSignIn = (way: Way): boolean => SIGN_IN.has(way.purpose) && way.yields === null

export interface Worths {
  /** by way id and account, since one secret may open several accounts */
  readonly ofWay: (way: Way) => Worth
  /** the best sign-in; null when the account has none */
  readonly nominal: (account: string) => Worth | null
}

/**
 * Worth of every way in. A federated sign-in is worth the best sign-in of the account it trusts, so accounts are
 * evaluated from unknown upwards until none rises (at most as many rounds as a chain of federations is long).
 */
export function worthsOf(snapshot: FactNodes, policy: Policy, ways: ReadonlyMap<string, readonly Way[]>): Worths {
  const nominal = new Map<string, Worth>()
  const cache = new Map<Way, Worth>()
  settleNominal(snapshot, policy, ways, nominal, (way, worth) => void cache.set(way, worth))
  const ofWay = (way: Way): Worth => {
    let worth = cache.get(way)
    if (worth === undefined) cache.set(way, (worth = worthOf(snapshot, policy, way, ways, nominal)))
    return worth
  }
  return { ofWay, nominal: (account) => nominal.get(account) ?? null }
}

/** What is known of the best sign-in of accounts. */
type Nominal = Pick<ReadonlyMap<string, Worth>, 'get'>

/**
 * Raises the best sign-in of some accounts, from what is known of them and others, until none rises.
 *
 * @param note  is told the worths that it comes upon on the way, the last of each way in at the end
 */
export function settleNominal(
  snapshot: FactNodes,
  policy: Policy,
  ways: Iterable<readonly [string, readonly Way[]]>,
  nominal: Nominal & { readonly set: (account: string, worth: Worth) => unknown },
  note: Note = NO_NOTE,
): void {
  let open = ways
  for (;;) {
    const asking: (readonly [string, readonly Way[]])[] = [] // only those who rest on others can rise again
    let changed = false
    for (const [account, list] of open) {
      const { best, trusts } = bestSignIn(snapshot, policy, list, nominal, note)
      if (trusts) asking.push([account, list])
      if (best === undefined || sameWorth(best, nominal.get(account))) continue
      nominal.set(account, best)
      changed = true
    }
    if (!changed || asking.length === 0) return
    open = asking
  }
}

type Note = (way: Way, worth: Worth) => void
const NO_NOTE: Note = () => {}

/** The best of some ways in to sign in, where there is one, and whether that hangs on the sign-in of another account. */
export function bestSignIn(
  snapshot: FactNodes,
  policy: Policy,
  ways: readonly Way[],
  nominal: Nominal,
  note: Note = NO_NOTE,
): { readonly best: Worth | undefined; readonly trusts: boolean } {
  let trusts = false
  const others: Nominal = {
    get: (id) => {
      trusts = true
      return nominal.get(id)
    },
  }
  let best: Worth | undefined
  for (const way of ways) {
    if (!isSignIn(way)) continue
    const worth = alternativesWorth(snapshot, policy, way, others)
    note(way, worth)
    if (best === undefined || rankOf(worth.strength) > rankOf(best.strength)) best = worth
  }
  return { best, trusts }
}

/** Worth of one way in, once the best sign-in of every account is known. */
export function worthOf(snapshot: FactNodes, policy: Policy, way: Way, ways: WaysOf, nominal: Nominal): Worth {
  return way.yields === null
    ? alternativesWorth(snapshot, policy, way, nominal)
    : yieldingWorth(snapshot, policy, way, ways, nominal)
}

function sameWorth(a: Worth, b: Worth | undefined): boolean {
  return (
    b !== undefined &&
    a.strength === b.strength &&
    a.phishingResistant === b.phishingResistant &&
    a.hardwareBacked === b.hardwareBacked
  )
}

function alternativesWorth(snapshot: FactNodes, policy: Policy, way: Way, nominal: Nominal): Worth {
  if (way.alternatives === null) return UNKNOWN
  let weakest: Worth | undefined
  for (const leaves of way.alternatives) {
    const worth = leavesWorth(snapshot, policy, leaves, nominal)
    if (weakest === undefined || rankOf(worth.strength) < rankOf(weakest.strength)) weakest = worth
  }
  return weakest ?? UNKNOWN
}

function leavesWorth(snapshot: FactNodes, policy: Policy, leaves: readonly string[], nominal: Nominal): Worth {
  const authenticators = leaves.flatMap((id) => proverOf(snapshot, id) ?? [])
  const own = authenticators.length === 0 ? NOTHING : gradeOf(authenticators, policy.authenticators)
  let best: Worth = { ...NOTHING, ...own, leaves, authenticators }
  if (own.strength === null) return { ...best, strength: null, aal: null }
  for (const id of leaves) {
    if (snapshot.inventory.kindOf(id) !== 'account') continue
    // an account of which no sign-in is on record, yet or at all: nothing is known of what it proves
    const trusted = nominal.get(id) ?? UNKNOWN
    if (trusted.strength === null && authenticators.length === 0) return { ...UNKNOWN, leaves }
    if (rankOf(trusted.strength) > rankOf(best.strength)) {
      best = { ...trusted, leaves, authenticators: [...authenticators, ...trusted.authenticators] }
    }
  }
  return best
}

/**
 * A way in that only gives some authenticators (a password reset, say) is worth what it leaves to prove: the weakest
 * sign-in that uses what it gives, with the given authenticators replaced by what this way asks for.
 */
function yieldingWorth(snapshot: FactNodes, policy: Policy, way: Way, ways: WaysOf, nominal: Nominal): Worth {
  const given = new Set(way.yields ?? [])
  const itself = alternativesWorth(snapshot, policy, way, nominal)
  if (itself.strength === null) return itself
  let weakest: Worth | undefined
  for (const entry of ways.get(way.account) ?? []) {
    if (entry.yields !== null) continue
    for (const leaves of entry.alternatives ?? []) {
      if (!leaves.some((id) => given.has(id))) continue
      const rest = leaves.filter((id) => !given.has(id))
      const left = rest.length === 0 ? NOTHING : leavesWorth(snapshot, policy, rest, nominal)
      const worth = rankOf(left.strength) > rankOf(itself.strength) || left.strength === null ? left : itself
      const combined = {
        ...worth,
        leaves: itself.leaves,
        authenticators: itself.authenticators,
        code: itself.code || left.code,
      }
      if (weakest === undefined || rankOf(combined.strength) < rankOf(weakest.strength)) weakest = combined
    }
  }
  return weakest ?? itself
}

export const aalOfStrength = (strength: Strength | null): Aal | null =>
  strength === null ? null : AAL_OF_STRENGTH[STRENGTHS.indexOf(strength)]!
