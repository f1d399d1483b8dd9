/**
 * Which authenticators of one way in fall together: two that live in, or travel through, the same thing are counted
 * twice where they are one (PSD2 RTS (EU) 2018/389 art. 9; SP 800-63B-4 §3.1.3.1).
 */
import type { Reason } from '#contract/report.ts'

/** Where an authenticator lives or what it travels through. */
export interface Placed {
  readonly id: string
  readonly on?: readonly string[]
}

/** A channel, with what carries it: a telephone number is carried by the telephone it rings on. */
export interface Channel {
  readonly id: string
  readonly carriedBy?: readonly string[]
}

/** Authenticators that fall with one channel; two or more, in the order given. */
export interface Together {
  readonly channel: string
  readonly authenticators: readonly string[]
  readonly reason: Reason
}

/**
 * Returns the channels that more than one of the authenticators depend on, each with those authenticators, in the
 * order of the authenticators and, for one of them, from the nearest channel outwards. A carrier is left out where a
 * channel it carries already takes the same authenticators. Channels that are not among `channels` count by their id.
 */
export function fallTogether(authenticators: readonly Placed[], channels: readonly Channel[]): Together[] {
  const carriers = new Map(channels.map(({ id, carriedBy = [] }) => [id, carriedBy]))
  const dependents = new Map<string, string[]>()
  for (const { id, on = [] } of authenticators) {
    const seen = new Set(on)
    for (const channel of seen) {
      dependents.set(channel, [...(dependents.get(channel) ?? []), id])
      for (const carrier of carriers.get(channel) ?? []) seen.add(carrier) // a set grows while it is walked
    }
  }
  const found: Together[] = []
  const told = new Set<string>()
  for (const [channel, all] of dependents) {
    const key = all.join('\n')
    if (all.length < 2 || told.has(key)) continue
    told.add(key)
    const names = all.map((id) => `\`${id}\``).join(', ')
    const text = `${names} all fall with \`${channel}\`: one factor counted ${all.length} times`
    const citations = [{ standard: 'PSD2 RTS (EU) 2018/389', section: '9' }]
    found.push({ channel, authenticators: all, reason: { code: 'one_channel', text, citations } })
  }
  return found
}
