/**
 * Rules over an account's own history, each with what it saw. A rule adds risk or says nothing; nothing takes risk away. There
 * is no score: whoever asks why is told which rule, and on what evidence.
 */
import type { RiskLevel } from '#contract/decision.ts'
import type { Habits, Place, Use } from './habits.ts'

/** What the failures around a use look like. */
export interface Surroundings {
  /** failures of this account within {@link AnomalyRules.burstWithin} */
  readonly failures: number
  /** accounts that this network failed at within {@link AnomalyRules.fanOutWithin} */
  readonly accountsTried: number
}

export interface AnomalyRules {
  /** successes before anything can be unusual */
  readonly uses: number
  /** km/h beyond which nobody travels: an airliner cruises at about 900 */
  readonly fastest: number
  /** km that offline data may be wrong by */
  readonly blur: number
  /** share of uses below which an hour, with the two beside it, is unusual */
  readonly hourShare: number
  readonly burst: number
  readonly burstWithin: number
  readonly fanOut: number
  readonly fanOutWithin: number
  /** milliseconds after a recovery in which a capability never used before is remarkable */
  readonly recoveryWithin: number
}

const MINUTE = 60_000
const DAY = 86_400_000

/** Judgement, but for the speed. */
export const DEFAULT_ANOMALIES: AnomalyRules = {
  uses: 5,
  fastest: 1000,
  blur: 150,
  hourShare: 0.01,
  burst: 5,
  burstWithin: 10 * MINUTE,
  fanOut: 10,
  fanOutWithin: 10 * MINUTE,
  recoveryWithin: 7 * DAY,
}

export const ANOMALY_KINDS = [
  'new_device',
  'new_network',
  'impossible_travel',
  'unusual_hour',
  'failure_burst',
  'many_accounts_tried',
  'new_capability_after_recovery',
] as const
export type AnomalyKind = (typeof ANOMALY_KINDS)[number]

export interface Anomaly {
  readonly kind: AnomalyKind
  readonly level: RiskLevel
  /** one sentence, with the numbers that it rests on */
  readonly text: string
  readonly evidence: Readonly<Record<string, number | string>>
}

type Rule = (habits: Habits, use: Use, around: Surroundings, rules: AnomalyRules) => Omit<Anomaly, 'kind'> | null

const RULES: Readonly<Record<AnomalyKind, Rule>> = {
  new_device: ({ devices, uses }, { device }, _, rules) =>
    device === null || uses < rules.uses || Object.hasOwn(devices, device)
      ? null
      : said('medium', `a device that was not seen in ${uses} uses`, { uses, devices: Object.keys(devices).length }),

  new_network: ({ networks, uses }, { network }, _, rules) =>
    network === null || uses < rules.uses || Object.hasOwn(networks, network)
      ? null
      : said('low', `a network that was not seen in ${uses} uses`, { uses, network }),

  impossible_travel({ last }, { place, at }, _, rules) {
    if (last === null || place === null) return null
    const distance = Math.round(kilometres(last.place, place))
    // a clock that was set back makes no travel possible: the time between is what it is, either way
    const hours = Math.abs(at - last.at) / 3_600_000
    if (distance <= rules.blur || distance - rules.blur <= rules.fastest * hours) return null
    const minutes = Math.round(hours * 60)
    return said('high', `${distance} km from the last place, ${minutes} minutes later`, {
      kilometres: distance,
      minutes,
    })
  },

  unusual_hour({ hours, uses }, { at }, _, rules) {
    if (uses < 10 * rules.uses) return null
    const hour = new Date(at).getUTCHours()
    const near = [hour + 23, hour, hour + 1].reduce((sum, each) => sum + hours[each % 24]!, 0)
    return near / uses >= rules.hourShare
      ? null
      : said('low', `${hour}:00 UTC, near which ${near} of ${uses} uses were`, { hour, near, uses })
  },

  failure_burst: (_, __, { failures }, { burst, burstWithin }) =>
    failures < burst
      ? null
      : said('medium', `${failures} wrong answers within ${burstWithin / MINUTE} minutes`, { failures }),

  many_accounts_tried: (_, { network }, { accountsTried }, { fanOut, fanOutWithin }) =>
    accountsTried < fanOut
      ? null
      : said('high', `its network failed at ${accountsTried} accounts within ${fanOutWithin / MINUTE} minutes`, {
          accountsTried,
          network: network ?? 'unknown',
        }),

  new_capability_after_recovery({ recoveredAt, capabilities }, use, _, { recoveryWithin }) {
    if (recoveredAt === null || use.at - recoveredAt > recoveryWithin) return null
    const first = use.capabilities.find((each) => !Object.hasOwn(capabilities, each))
    if (first === undefined) return null
    const days = Math.max(0, Math.floor((use.at - recoveredAt) / DAY))
    return said('high', `\`${first}\` for the first time, ${days} days after a recovery`, { capability: first, days })
  },
}

const said = (level: RiskLevel, text: string, evidence: Anomaly['evidence']) => ({ level, text, evidence })

/** Returns what is unusual about a use, in the order of the table. An account without history is never unusual by habit. */
export function anomalies(
  habits: Habits,
  use: Use,
  around: Surroundings,
  rules: AnomalyRules = DEFAULT_ANOMALIES,
): Anomaly[] {
  return ANOMALY_KINDS.flatMap((kind) => {
    const found = RULES[kind](habits, use, around, rules)
    return found === null ? [] : [{ kind, ...found }]
  })
}

/** Mean radius of the earth in km (IUGG). */
const EARTH_RADIUS = 6371

/** Great-circle distance, by the haversine formula. */
export function kilometres(a: Place, b: Place): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180
  const latitude = radians(b.latitude - a.latitude)
  const longitude = radians(b.longitude - a.longitude)
  const half =
    Math.sin(latitude / 2) ** 2 +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(longitude / 2) ** 2
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(half)))
}
