/** The addresses and numbers that codes of somebody go to. */
import type { PushRefusal } from '#authn/push.ts'
import type { SentFactor, SendOutcome } from '#authn/sent-code.ts'
import type { Identifier } from '#authn/stores.ts'
import type { Words } from '#server/pages/words/en.ts'
import type { PeopleParts } from './parts.ts'

export const kindOfChannel = (factor: SentFactor): 'mail' | 'phone' => (factor === 'email_code' ? 'mail' : 'phone')

/** Those that were proved to be theirs, in the order in which they are offered. */
export async function channelsFor(
  { identifiers }: Pick<PeopleParts, 'identifiers'>,
  account: string,
  factor: SentFactor,
): Promise<readonly Identifier[]> {
  const own = await identifiers.listOf(account)
  return own.filter((it) => it.kind === kindOfChannel(factor) && it.verifiedAt !== null)
}

/** Level of whoever recorded the channel; null where it is not, or no more, of this account. */
export async function levelOf(
  parts: Pick<PeopleParts, 'identifiers'>,
  account: string,
  { factor, to }: { readonly factor: SentFactor; readonly to: string },
): Promise<number | null> {
  const own = await channelsFor(parts, account, factor)
  return own.find(({ canonical }) => canonical === to)?.boundAtAal ?? null
}

/** What somebody who is recognised is told where no code was sent; null where it was. A stranger is told nothing of it. */
export function unsentSentence(outcome: SendOutcome | PushRefusal, words: Words): string | null {
  if (outcome === 'queued') return null
  const { changed, limited, paused, refused, forbidden, unavailable } = words.unsent
  if (outcome === 'paused') return paused
  if (outcome === 'number_changed') return changed
  if (outcome === 'limited') return limited
  if (outcome === 'number_refused') return refused
  return outcome === 'not_allowed' ? forbidden : unavailable
}
