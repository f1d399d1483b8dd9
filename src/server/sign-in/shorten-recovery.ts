/**
 * The wait of a recovery is shortened where the account has been at home for a while: in another browser than the one that asked, by whoever
 * is signed in there.
 */
import type { FastifyRequest } from 'fastify'
import { step, type RecoveryCase, type RecoveryEvent } from '#authn/recovery.ts'
import { heldSession } from './interaction.ts'
import type { PeopleParts } from './parts.ts'

export interface Shortenable {
  readonly it: RecoveryCase
  readonly event: Extract<RecoveryEvent, { is: 'shorten' }>
}

/** What this browser may shorten, and how; null for nothing. */
export async function shortenableIn(
  parts: PeopleParts,
  request: FastifyRequest,
  browser: string,
): Promise<Shortenable | null> {
  const held = await heldSession(parts, request)
  if (held === null || held.session.browser !== browser) return null
  const { account } = held.session
  const { tools, recovery } = parts
  const [found, known] = await Promise.all([recovery.store.openOf(account), tools.budgets.knownSince(browser, account)])
  if (found === null || known === null) return null
  const event = { is: 'shorten', channel: `browser ${browser}`, known, browser, at: tools.clock() } as const
  return step(found.case, event, recovery.rules) === null ? null : { it: found.case, event }
}
