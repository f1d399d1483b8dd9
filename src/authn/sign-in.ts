/**
 * A sign-in or step-up under way: what is needed, what was shown, what may still be offered. Pure but for the ports; the
 * pages only draw what this says. Nothing that was shown opens anything until it is enough.
 */
import type { Worths } from '#assurance/authenticator.ts'
import type { Channel } from '#assurance/shared-channel.ts'
import { rankOf } from '#assurance/strength.ts'
import { STRENGTHS, type Strength } from '#contract/vocabulary.ts'
import { FACTORS, type CeremonyPurpose, type FactorName } from './factors.ts'
import type { AskDecisionPoint } from './ports.ts'
import { factorsShown, shown, type Proof, type Shown } from './session.ts'
import type { EnrolledAuthenticator } from './stores.ts'
import { waysOf, type Holding, type Offer, type Way } from './ways.ts'

/** A code that was sent and waits for its answer. */
export interface PendingCode {
  readonly factor: 'email_code' | 'sms_code'
  readonly challenge: string
  /** canonical address; never shown whole to a stranger */
  readonly to: string
}

/** A question to an app. */
export interface PendingPush {
  readonly factor: 'push'
  readonly id: string
  /** the number that the page shows, sealed */
  readonly sealed: string
}

export type Pending = PendingCode | PendingPush

export interface SignIn {
  readonly id: string
  /** hash of the browser's handle: a sign-in goes on where it began */
  readonly browser: string
  /** null until somebody is recognised, and for a name that nobody has */
  readonly account: string | null
  /** canonical form of what was typed */
  readonly typed: string | null
  readonly proofs: readonly Proof[]
  /** of the account when the proofs were given: what ended everything meanwhile ended them too */
  readonly epoch: number
  readonly pending: Pending | null
  /** a change is made to the revision that was read, or not at all */
  readonly revision: number
  readonly expiresAt: number
}

export interface SignInStore {
  /** keeps what is there under this id, unless its time is over */
  readonly begin: (it: SignIn, now: number) => Promise<void>
  readonly find: (id: string, browser: string, now: number) => Promise<SignIn | null>
  /** false where it was changed meanwhile */
  readonly change: (it: SignIn) => Promise<boolean>
  /** true exactly once: whoever ends it may open the session */
  readonly end: (id: string) => Promise<boolean>
}

/** What the reach of an account asks of every session; from the decision point. */
export interface Floor {
  readonly strength: Strength
  readonly codes: 'allowed' | 'refused'
  /** seconds */
  readonly session: { readonly overallSeconds?: number; readonly idleSeconds?: number }
  readonly codeSession: { readonly overallSeconds?: number; readonly idleSeconds?: number }
  /** the exception without which more would be asked; null for none */
  readonly exception: string | null
}

/** What a sign-in has to show. */
export interface Need {
  readonly strength: Strength
  readonly codes: 'allowed' | 'refused'
  /** something known and something had, whatever they are worth together: both are enrolled, so both are shown */
  readonly both: boolean
  /** milliseconds since 1970; older proofs do not count */
  readonly since: number
}

/**
 * What is needed: the strictest of what the client asks and what the reach asks; and both factors where the account has both,
 * whatever asks for less. `enrolled` is what its owner is asked for, see asked-of.ts.
 */
export function needOf(
  floor: Floor,
  client: { readonly acceptable: readonly Strength[] | null; readonly maxAge: number | null },
  enrolled: readonly EnrolledAuthenticator[],
  worths: Worths,
  now: number,
): Need {
  const asked = client.acceptable === null ? [] : client.acceptable.map(rankOf)
  const ranks = [
    rankOf('single_factor'), // nobody is signed in for nothing
    rankOf(floor.strength),
    ...(asked.length === 0 ? [] : [Math.min(...asked)]),
  ]
  return {
    strength: STRENGTHS[Math.max(...ranks)]!,
    codes: floor.codes,
    both: hasBoth(enrolled, worths),
    since: client.maxAge === null ? -Infinity : now - client.maxAge * 1000,
  }
}

/** Whether an account has something known and something had enrolled, apart from what is for losses. */
export function hasBoth(enrolled: readonly EnrolledAuthenticator[], worths: Worths): boolean {
  const has = (factor: 'know' | 'have') =>
    enrolled.some(
      ({ kind, state }) =>
        state === 'active' &&
        kind !== 'recovery_code' &&
        kind !== 'enrolment_pass' &&
        (worths[FACTORS[kind].kind].factor === factor ||
          (factor === 'have' && worths[FACTORS[kind].kind].factor === 'both')),
    )
  return has('know') && has('have')
}

/** Whether what was shown is enough. */
export function isEnough(proofs: readonly Proof[], need: Need, worths: Worths, channels: readonly Channel[]): boolean {
  const said = shown(proofs, worths, { since: need.since, channels })
  if (rankOf(said.strength) < rankOf(need.strength) || (need.codes === 'refused' && said.code)) return false
  if (!need.both) return true
  const { know, have } = factorsShown(
    proofs.filter(({ at }) => at >= need.since),
    worths,
  )
  return know && have
}

/** Ports of {@link offersFor}. */
export interface OfferPorts {
  readonly worths: Worths
  readonly channels: readonly Channel[]
  readonly ask: AskDecisionPoint
  /** what the sign-in is for */
  readonly access: Parameters<AskDecisionPoint>[0]['access']
  /** without the links that were tried */
  readonly holding: Holding
  /** kinds that this server has switched on */
  readonly factors: readonly FactorName[]
}

/**
 * What a recognised person may be offered next: what is enrolled, what the decision point gives leave for, and what would bring the
 * sign-in on. `forbidden` tells that there are codes which the reach forbids, which is worth a sentence.
 */
export async function offersFor(
  account: string,
  proofs: readonly Proof[],
  need: Need,
  purpose: CeremonyPurpose,
  { worths, channels, ask, access, holding, factors }: OfferPorts,
): Promise<{ readonly offers: readonly Offer[]; readonly forbidden: boolean }> {
  const now = Math.max(need.since, ...proofs.map(({ at }) => at), 0)
  const ways = waysOf(holding, factors, purpose, now)
  const before = shown(proofs, worths, { since: need.since, channels })
  const forbidden = need.codes === 'refused' && ways.some(({ offer }) => FACTORS[offer.factor].code)
  const allowed: Way[] = []
  for (const way of ways) {
    const { factor } = way.offer
    if (factor === 'recovery_code' && purpose === 'step_up') continue
    const leave = await ask({ account, factor, purpose, access, code: way.code })
    if (leave.granted) allowed.push(way)
  }
  // nobody is led step by step to a door that stays shut
  const all = allowed.flatMap((way) => way.proofs)
  if (!isEnough([...proofs, ...all], need, worths, channels)) return { offers: [], forbidden }
  const bringsOn = (way: Way): boolean => {
    const after = shown([...proofs, ...way.proofs], worths, { since: need.since, channels })
    if (rankOf(after.strength) > rankOf(before.strength) || (before.code && !after.code)) return true
    const [had, has] = [factorsShown(proofs, worths), factorsShown([...proofs, ...way.proofs], worths)]
    return need.both && ((!had.know && has.know) || (!had.have && has.have))
  }
  return { offers: allowed.filter(bringsOn).map(({ offer }) => offer), forbidden }
}

/** How long the session may last: what the reach allows, less where it rests on a code. Milliseconds. */
export function sessionLimits(
  floor: Floor,
  said: Shown,
  strengthSeconds: number,
): { overall: number; idle: number | null } {
  const parts = said.code ? [floor.session, floor.codeSession] : [floor.session]
  const least = (pick: (part: Floor['session']) => number | undefined) =>
    Math.min(...parts.map((part) => pick(part) ?? Infinity))
  const overall = Math.min(
    least(({ overallSeconds }) => overallSeconds),
    strengthSeconds,
  )
  const idle = least(({ idleSeconds }) => idleSeconds)
  return { overall: overall * 1000, idle: idle === Infinity ? null : idle * 1000 }
}

/** Longest sessions by level in seconds, whatever a policy leaves out (SP 800-63B-4 §2.1.3, §2.2.3, §2.3.3). */
export const LONGEST_SESSION: Readonly<Record<Strength, number>> = {
  none: 0,
  single_factor: 2_592_000,
  two_factor: 86_400,
  phishing_resistant: 86_400,
  hardware: 43_200,
}
