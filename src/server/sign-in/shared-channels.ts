/**
 * What the inventory knows of the things that an account's factors live on, so that two which fall together count once in a session, as
 * they do in the analysis. A password that is given back to whoever reads a mailbox or number falls with it.
 */
import type { LiveAnalysis } from '#analysis/live.ts'
import type { Channel } from '#assurance/shared-channel.ts'
import { canonical } from '#authn/identifiers.ts'
import { channelOfKind } from '#authn/session.ts'
import type { FactOf, Formula } from '#model/facts.ts'
import { alternativesOf } from '#model/formula.ts'

/** Alternatives of one way in that are looked at; of a way with more, each of its authenticators counts. */
const MOST = 100
const RECOVERIES: ReadonlySet<string> = new Set(['recovery', 'help_desk', 'admin_reset'])

export function sharedChannels(live: LiveAnalysis | null, account: string): readonly Channel[] {
  const state = live?.account(account)
  if (live === null || live === undefined || state === undefined) return []
  const { inventory } = live
  const authenticatorOf = (id: string) => {
    const fact = inventory.get(id)?.fact
    return fact?.fact === 'authenticator' ? fact : null
  }
  const carriers = new Map<string, Set<string>>()
  const carry = (id: string, by: readonly string[]) => carriers.set(id, new Set([...(carriers.get(id) ?? []), ...by]))
  for (const { id, purpose } of state.ways) {
    const way = inventory.get(id)?.fact
    if (way?.fact !== 'wayIn') continue
    const alternatives = alternativesFor(way.requires)
    for (const leaf of new Set(alternatives.flat())) {
      const fact = authenticatorOf(leaf)
      if (fact !== null) carry(channelOfKind(fact.kind), fact.on ?? [])
    }
    if (!RECOVERIES.has(purpose)) continue
    for (const alternative of alternatives)
      carry(channelOfKind('password'), throughOne(alternative.map(authenticatorOf)))
  }
  return withAddresses(live, carriers)
}

const alternativesFor = (formula: Formula): readonly (readonly string[])[] => {
  const found = alternativesOf(formula, MOST)
  return found ?? leavesOf(formula).map((leaf) => [leaf])
}

function leavesOf(formula: Formula): string[] {
  if (typeof formula === 'string') return [formula]
  const parts = 'all' in formula ? formula.all : 'any' in formula ? formula.any : formula.of
  return parts.flatMap(leavesOf)
}

/** Channels that all of an alternative goes through, so that whoever holds one of them has it all. */
function throughOne(alternative: readonly (FactOf<'authenticator'> | null)[]): readonly string[] {
  const [first, ...rest] = alternative.map((it) => it?.on ?? [])
  return (first ?? []).filter((channel) => rest.every((on) => on.includes(channel)))
}

/** The channels, whatever carries them, and the addresses that they are named by: codes sent here go to addresses. */
function withAddresses({ inventory }: LiveAnalysis, carriers: Map<string, Set<string>>): Channel[] {
  const seen = new Set([...carriers.values()].flatMap((each) => [...each]))
  for (const id of seen) {
    const fact = inventory.get(id)?.fact
    if (fact?.fact !== 'channel') continue
    const { kind, name, carriedBy = [] } = fact
    carriers.set(id, new Set([...(carriers.get(id) ?? []), ...carriedBy]))
    for (const carrier of carriedBy) seen.add(carrier) // a set grows while it is walked
    const address =
      kind === 'mailbox' ? canonical('mail', name) : kind === 'phone_number' ? canonical('phone', name) : null
    if (address !== null) carriers.set(address, new Set([...(carriers.get(address) ?? []), id]))
  }
  return [...carriers].map(([id, carriedBy]) => ({ id, carriedBy: [...carriedBy] }))
}
