/** Changes of how people sign in and get back in, as a plan may hold them. */
import type { Edit } from '#contract/plan.ts'
import { CAPABILITIES, IMPACTS, STRENGTHS, type Capability, type ChangeKind } from '#contract/vocabulary.ts'
import type { Way } from '#analysis/ways-in.ts'
import type { FactOf } from '#model/facts.ts'
import { shorter } from '#policy/requirement.ts'
import { dropEdit, hardenEdits, isBelow, LEVELS, ownSignIns, strengthenEdits, type Level } from './changes-sign-in.ts'
import {
  accountOf,
  addFact,
  isOffer,
  nameOf,
  offer,
  spoken,
  split,
  type Context,
  type Offer,
  type Offers,
} from './offer.ts'
import { sessionOffers } from './offers-secrets.ts'
import { isRecovery, type Population } from './populations.ts'

export const SIGN_IN_OFFERS: Offers = {
  way: offersForWay,
  limit: offersForLimit,
  controls: (context, id) => {
    const way = wayById(context, id)
    const account = accountOf(context, way?.account)
    if (!way?.fact || account === null) return []
    const { controls } = context.base.accounts.get(account.id)!.requirement
    const text = `put ${spoken(controls.join(', '))} in place for \`${id}\``
    const edit: Edit = { set: { fact: 'wayIn', id }, with: { controls: [...controls] } }
    return [offer(context, 'add_controls', id, [account.id], text, () => [edit])]
  },
  duties: (context, id) => {
    const text = `do what is owed for the restricted authenticator \`${id}\`: offer another, tell the holder, assess, plan its end`
    const duties = {
      alternativeOffered: true,
      noticeGiven: true,
      riskAssessment: 'to be written',
      migrationPlan: 'to be written',
    }
    return [offer(context, 'meet_duties', id, [], text, () => [{ set: { fact: 'authenticator', id }, to: { duties } }])]
  },
  on: (context, about) => [separateOffer(context, about)].filter(isOffer),
}

function wayById({ base }: Context, id: string): Way | undefined {
  const fact = base.inventory.get(id)?.fact
  return fact?.fact === 'wayIn' ? base.ways.get(fact.account)?.find((way) => way.id === id) : undefined
}

function offersForWay(context: Context, id: string): readonly Offer[] {
  const way = wayById(context, id)
  const account = accountOf(context, way?.account)
  if (!way || account === null) return []
  const offers: (Offer | null)[] = []
  if (account.kind === 'human') {
    if (ownSignIns(context.base, account.id).includes(way)) offers.push(...strengthenOffers(context, account))
    if (isRecovery(way)) offers.push(...recoveryOffers(context, account, way))
    offers.push(exceptionOffer(context, account, way), ...sharedChannelOffers(context, way))
  } else if (isRecovery(way)) offers.push(...recoveryOffers(context, account, way))
  return offers.filter(isOffer)
}

function strengthenOffers(context: Context, account: FactOf<'account'>): Offer[] {
  return LEVELS.flatMap(({ level, strength, single, policy }) => {
    if (!isBelow(context.base, account.id, strength)) return []
    const what = level === 'passkey' ? 'a passkey' : 'two hardware keys, one of them for a safe,'
    const text = `give ${nameOf(context, account.id)} ${what} and ask for ${level === 'passkey' ? 'it' : 'one'} at every sign-in`
    const own = offer(context, single, account.id, [account.id], text, () =>
      strengthenEdits(context.base, account, level),
    )
    return [
      own,
      ...context
        .populations(account.id)
        .flatMap((each) => populationOffer(context, each, level, strength, policy) ?? []),
    ]
  })
}

/** Fewer accounts than this are not worth a rule of their own. */
const LEAST_COVERED = 3

function populationOffer(
  context: Context,
  population: Population,
  level: Level,
  strength: (typeof STRENGTHS)[number],
  kind: ChangeKind,
): Offer | null {
  const covered = population.below(strength)
  if (covered.length < LEAST_COVERED) return null
  const what = level === 'passkey' ? 'a passkey' : 'a hardware key (with a spare one in a safe)'
  const text = `require ${what} of ${population.text}: ${covered.length} accounts still lack one`
  const edits = () => covered.flatMap((id) => strengthenEdits(context.base, accountOf(context, id)!, level))
  return offer(context, kind, population.id, covered, text, edits)
}

function recoveryOffers(context: Context, account: FactOf<'account'>, way: Way): Offer[] {
  const called = way.name === undefined ? '' : ` “${way.name}”`
  const what = `the ${spoken(way.purpose)}${called} \`${way.id}\` of ${nameOf(context, account.id)}`
  const offers = [offer(context, 'drop_recovery', way.id, [account.id], `drop ${what}`, () => [dropEdit(way)])]
  if (account.kind === 'human' && way.alternatives !== null) {
    const text = `let ${what} ask for a spare key kept in a safe`
    offers.push(
      offer(context, 'harden_recovery', way.id, [account.id], text, () => hardenEdits(context.base, account, way)),
    )
  }
  for (const population of context.populations(account.id)) {
    const { ways, accounts } = population.weakRecoveries()
    if (ways.size < LEAST_COVERED || !ways.has(way)) continue
    const text = `drop self-service recovery for ${population.text}: ${ways.size} recoveries that ask for less than a key`
    offers.push(offer(context, 'drop_recoveries', population.id, accounts, text, () => Array.from(ways, dropEdit)))
  }
  return offers
}

/** What somebody may do that no exception should excuse: everything but reading, and ordinary business. */
const UNPRIVILEGED = new Set<Capability>(['read_sensitive_data', 'approve_business_action'])

/** An exception for as long as the policy allows; none where something privileged lies behind the way in. */
function exceptionOffer(context: Context, account: FactOf<'account'>, way: Way): Offer | null {
  const { base } = context
  const { at } = base.inventory.snapshot
  if (!context.excuses || at === null || account.manager === undefined || account.manager === account.subject)
    return null
  const { impact } = base.accounts.get(account.id)!
  const matters = impact.capabilities.filter((each) => IMPACTS.indexOf(each.impact) >= IMPACTS.indexOf('moderate'))
  if (matters.some(({ capability }) => !UNPRIVILEGED.has(capability))) return null
  const end = new Date(Date.parse(at) + base.policy.exceptions.maxDays * 86_400_000).toISOString().slice(0, 10)
  const fact: FactOf<'exception'> = {
    fact: 'exception',
    id: `${way.id}/plan-exception`.slice(0, 512),
    for: [account.id],
    waysIn: [way.id],
    capabilities: CAPABILITIES.filter((each) => impact.capabilities.some(({ capability }) => capability === each)),
    reason: 'nothing stronger is possible before its end',
    owner: account.manager,
    approver: account.manager,
    start: at.slice(0, 10),
    end,
    rationale: 'to be written',
    comparability: 'to be written',
    residualRisk: 'to be written',
    migrationPlan: 'to be written',
    safeguards: {
      device_binding: true,
      anomaly_detection: true,
      rate_limiting: true,
      monitored_recovery: true,
      privilege_separation: true,
    },
  }
  const text = `open an exception for \`${way.id}\` until ${end}, with the five safeguards in place and ${account.manager} to answer for it`
  return offer(context, 'open_exception', way.id, [account.id], text, () => [addFact(fact)])
}

/** Where two authenticators of one way in share a channel, they count as one: either may move. */
function sharedChannelOffers(context: Context, way: Way): (Offer | null)[] {
  const { inventory } = context.base
  const seen = new Map<string, string[]>()
  for (const leaf of new Set((way.alternatives ?? []).flat())) {
    const fact = inventory.get(leaf)?.fact
    if (fact?.fact !== 'authenticator') continue
    for (const channel of fact.on ?? []) seen.set(channel, [...(seen.get(channel) ?? []), leaf])
  }
  return [...seen].flatMap(([channel, leaves]) =>
    leaves.length < 2 && inventory.get(channel)?.fact.fact !== 'channel'
      ? []
      : leaves
          .filter((leaf) => leaves.length > 1 || isSynced(context, leaf, channel))
          .map((leaf) => separateOffer(context, `${leaf}\n${channel}`)),
  )
}

function isSynced({ base }: Context, authenticator: string, channel: string): boolean {
  const fact = base.inventory.get(authenticator)?.fact
  const on = base.inventory.get(channel)?.fact
  return fact?.fact === 'authenticator' && fact.synced === true && on?.fact === 'channel' && on.kind === 'sync_fabric'
}

/** Kinds that may live elsewhere; a code that is sent travels where it is sent. */
const MOVABLE = new Set([
  'password',
  'pin',
  'totp',
  'hotp',
  'otp_multi_factor',
  'push',
  'passkey',
  'software_key',
  'recovery_code',
])

function separateOffer(context: Context, about: string): Offer | null {
  const [authenticator, channel] = split(about)
  const fact = context.base.inventory.get(authenticator)?.fact
  if (fact?.fact !== 'authenticator' || !MOVABLE.has(fact.kind)) return null
  const device = `${authenticator}/plan-device`
  const edits = (): Edit[] => [
    addFact({ fact: 'channel', id: device, kind: 'device', managed: true }),
    {
      set: { fact: 'authenticator', id: authenticator },
      without: { on: [channel] },
      with: { on: [device] },
      ...(isSynced(context, authenticator, channel) ? { to: { synced: false } } : {}),
    },
  ]
  const text = `move \`${authenticator}\` from ${nameOf(context, channel)} to a device of its own`
  return offer(context, 'separate_channel', about, fact.of ?? [], text, edits)
}

function offersForLimit(context: Context, id: string): readonly Offer[] {
  const { base } = context
  const session = base.inventory.get(id)?.fact
  if (session?.fact === 'session') return sessionOffers(context, id)
  const way = wayById(context, id)
  const account = accountOf(context, way?.account)
  if (!way?.fact || account === null) return []
  const { requirement } = base.accounts.get(account.id)!
  const limits = shorter(requirement.session, requirement.codeSession ?? {})
  const shortened = shorter(way.session, limits)
  const text = `end sessions of \`${id}\` after ${hoursText(limits)}`
  const edit: Edit = { set: { fact: 'wayIn', id }, to: { session: { ...way.fact.session, ...shortened } } }
  const offers = [offer(context, 'shorten_session', id, [account.id], text, () => [edit])]
  if (way.fact.session === undefined && account.system !== undefined) {
    const about = `${account.system}\n${JSON.stringify(limits)}`
    const everywhere = `end all sessions of ${nameOf(context, account.system)} after ${hoursText(limits)}`
    const accounts = context.peopleOf(account.system)
    const all: Edit = { set: { fact: 'system', id: account.system }, to: { session: { ...shortened } } }
    offers.push(offer(context, 'shorten_sessions', about, accounts, everywhere, () => [all]))
  }
  const exception = exceptionOffer(context, account, way)
  return [
    ...offers,
    ...(isRecovery(way) ? recoveryOffers(context, account, way) : []),
    ...(exception ? [exception] : []),
  ]
}

const hoursText = ({
  overallSeconds,
  idleSeconds,
}: {
  readonly overallSeconds?: number
  readonly idleSeconds?: number
}): string =>
  [
    ...(overallSeconds === undefined ? [] : [`${overallSeconds / 3600} hours`]),
    ...(idleSeconds === undefined ? [] : [`${idleSeconds / 60} idle minutes`]),
  ].join(' and ')
