/** What an account usually does, learned from its successes alone: whoever fails teaches nothing. */

/** A place on earth, in degrees. */
export interface Place {
  readonly latitude: number
  readonly longitude: number
}

/** One use of an account. Times are milliseconds since 1970. */
export interface Use {
  readonly account: string
  readonly at: number
  /** hash of the browser or device; null where it is not known */
  readonly device: string | null
  /** a /24 of IPv4 or a /48 of IPv6; null where it is not known */
  readonly network: string | null
  /** of the address, from offline data; null without such data */
  readonly place: Place | null
  /** capabilities that were used; empty at a sign-in */
  readonly capabilities: readonly string[]
}

export interface Habits {
  readonly account: string
  /** successes that were learned */
  readonly uses: number
  readonly since: number
  /** by device and network: when last seen */
  readonly devices: Readonly<Record<string, number>>
  readonly networks: Readonly<Record<string, number>>
  /** uses by hour of the day, UTC */
  readonly hours: readonly number[]
  /** by capability: when first used */
  readonly capabilities: Readonly<Record<string, number>>
  readonly last: { readonly at: number; readonly place: Place } | null
  /** when it was last recovered */
  readonly recoveredAt: number | null
}

/** Most devices, networks and capabilities remembered; the one unseen longest goes. */
const REMEMBERED = 64

export const noHabits = (account: string, now: number): Habits => ({
  account,
  uses: 0,
  since: now,
  devices: {},
  networks: {},
  hours: Array.from({ length: 24 }, () => 0),
  capabilities: {},
  last: null,
  recoveredAt: null,
})

/** Returns the habits after a success. Only to be called for one. */
export function learn(habits: Habits, use: Use): Habits {
  const hour = new Date(use.at).getUTCHours()
  return {
    ...habits,
    uses: habits.uses + 1,
    devices: use.device === null ? habits.devices : seen(habits.devices, use.device, use.at),
    networks: use.network === null ? habits.networks : seen(habits.networks, use.network, use.at),
    hours: habits.hours.map((count, i) => (i === hour ? count + 1 : count)),
    capabilities: use.capabilities.reduce(
      (known, each) => (Object.hasOwn(known, each) ? known : { ...known, [each]: use.at }),
      habits.capabilities,
    ),
    last:
      use.place === null || (habits.last !== null && habits.last.at > use.at)
        ? habits.last
        : { at: use.at, place: use.place },
  }
}

function seen(known: Readonly<Record<string, number>>, key: string, at: number): Readonly<Record<string, number>> {
  const entries = Object.entries({ ...known, [key]: Math.max(at, known[key] ?? 0) })
  return Object.fromEntries(entries.toSorted((a, b) => b[1] - a[1]).slice(0, REMEMBERED))
}

/** A recovery makes everything new: what was usual before says nothing of whoever came after. */
export const recovered = (habits: Habits, at: number): Habits => ({ ...noHabits(habits.account, at), recoveredAt: at })
