/** A question to somebody's app, asked from a page that shows the number to type there. */
import type { FastifyRequest } from 'fastify'
import type { Attempt } from '#authn/ceremony.ts'
import { beginPush, type PushRequest, type PushTools } from '#authn/push.ts'
import type { PendingPush } from '#authn/sign-in.ts'
import { networkPrefix } from '#server/config/networks.ts'
import type { Words } from '#server/pages/words/en.ts'
import { unsentSentence } from './channels.ts'
import type { PeopleParts } from './parts.ts'

type Parts = Pick<PeopleParts, 'tools' | 'pushes'>

export const pushTools = ({ tools, pushes }: Parts): PushTools => ({ ...tools, pushes })

const placeOf = (id: string): string => `push ${id}`

/** Asks the device; a sentence where that is not to be. */
export async function askApp(
  parts: Parts,
  request: FastifyRequest,
  words: Words,
  it: Attempt & Pick<PushRequest, 'device' | 'authenticator' | 'client'>,
): Promise<PendingPush | string> {
  const network = networkPrefix(request.ip)
  const agent = request.headers['user-agent'] ?? ''
  const begun = await beginPush(pushTools(parts), { ...it, network, agent, language: words.lang })
  if (begun.outcome !== 'queued') return unsentSentence(begun.outcome, words) ?? words.unsent.unavailable
  const { id, number } = begun
  return { factor: 'push', id, sealed: await parts.tools.keyring.seal(placeOf(id), number) }
}

/** The number as the page shows it, for as long as it is asked for. */
export const numberOf = ({ tools }: Parts, { id, sealed }: Omit<PendingPush, 'factor'>): Promise<string> =>
  tools.keyring.open(placeOf(id), sealed)
