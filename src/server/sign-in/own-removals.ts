/** Taking something away at the page of the own account; not the last that somebody signs in with. */
import { staysIn, wouldDo, type Measure } from '#authn/last-way.ts'
import type { FactorName } from '#authn/factors.ts'
import type { KeysById } from '#authn/enrolled-proof.ts'
import { keyFactsOf } from '#authn/key-material.ts'
import { phoneProblem } from '#authn/phone-numbers.ts'
import type { Belongings, BelongingsStore } from '#authn/stores.ts'
import type { Holding } from '#authn/ways.ts'
import { masked } from '#server/pages/sign-in.ts'
import { changed, type Change, type Done } from './own-change.ts'
import type { PeopleParts } from './parts.ts'
import { linksOf, offeredUpstreams } from './upstream.ts'

type What = Parameters<BelongingsStore['takeAway']>[2]

export async function removeAuthenticator(parts: PeopleParts, it: Change): Promise<Done> {
  const own = it.enrolled.find(({ id }) => id === it.fields['id'])
  if (own === undefined) return { said: it.words.refused, good: false }
  return (
    (await notTaken(parts, it, { authenticator: own.id })) ??
    changed(parts, it, 'authenticator_removed', own.name, {
      kind: own.kind,
      isGone: (proof) => proof.authenticator === own.id,
    })
  )
}

export async function removePhone(parts: PeopleParts, it: Change): Promise<Done> {
  const to = it.fields['to'] ?? ''
  return (
    (await notTaken(parts, it, { kind: 'phone', canonical: to })) ??
    // whoever still has the number hears that it was taken away
    changed(parts, it, 'address_removed', masked(to), {
      also: [{ channel: 'sms', to }],
      isGone: ({ factor, channel }) => factor === 'sms_code' && channel === to,
    })
  )
}

export async function unlink(parts: PeopleParts, it: Change): Promise<Done> {
  const own = linksOf(parts, await parts.identifiers.listOf(it.account)).find(
    ({ link }) => link.canonical === it.fields['link'],
  )
  if (own === undefined) return { said: it.words.refused, good: false }
  const { canonical } = own.link
  return (
    (await notTaken(parts, it, { kind: 'upstream', canonical })) ??
    changed(parts, it, 'upstream_unlinked', own.provider?.name ?? '', {
      isGone: ({ upstream }) => upstream?.link === canonical,
    })
  )
}

/** Takes it away; what is said where it stays, or was not there. */
async function notTaken(parts: PeopleParts, it: Change, what: What): Promise<Done | null> {
  const { account, words, held } = it
  const measure = measureOf(parts, account)
  const keys = await keyFactsOf(parts.tools, parts.passkeys.models, it.enrolled)
  let first: readonly FactorName[] = []
  const outcome = await parts.belongings.takeAway(account, held.session.id, what, (before, after) => {
    const [whole, rest] = [holdingOf(parts, before, keys), holdingOf(parts, after, keys)]
    if (staysIn(whole, rest, measure)) return true
    first = wouldDo(whole, rest, measure)
    return false
  })
  if (outcome === 'taken') return null
  return {
    said: outcome === 'gone' ? words.refused : words.lastWay(first.map((kind) => words.kinds[kind])),
    good: false,
  }
}

/** What somebody has to sign in with. A number that is sent no code lets nobody in. */
export function holdingOf(parts: PeopleParts, { enrolled, identifiers }: Belongings, keys: KeysById): Holding {
  const { countries } = parts.tools.rules.sends
  const sent = identifiers.filter(
    ({ kind, canonical }) => kind !== 'phone' || phoneProblem(canonical, countries) === null,
  )
  return { enrolled, identifiers: sent, keys, upstreams: offeredUpstreams(parts, sent, []) }
}

export const measureOf = (parts: PeopleParts, account: string): Measure => ({
  floor: parts.floorOf(account),
  worths: parts.worths(),
  channels: parts.channelsOf(account),
  factors: parts.factors,
})
