/** One change at the page of the own account: what it is made with, what it answers, and the session that it leaves. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Attempt } from '#authn/ceremony.ts'
import { endOtherSessions, type ChangeLeave } from '#authn/changes.ts'
import type { FactorName } from '#authn/factors.ts'
import type { Proof, Session } from '#authn/session.ts'
import type { EnrolledAuthenticator } from '#authn/stores.ts'
import type { Markup } from '#server/pages/html.ts'
import type { Words } from '#server/pages/words/en.ts'
import { hashOf, sessionCookie } from '#server/provider/cookies.ts'
import { succeeded, successorsOf } from '#server/provider/held-session.ts'
import type { Fields } from '#server/sign-in/forms.ts'
import { heldSession } from '#server/sign-in/interaction.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'
import { endedMeanwhile, noteRestsOn } from './rests-on.ts'

/** The forms of these pages, as a place for their tokens. */
export const PLACE = 'account'

export interface Change {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly fields: Fields
  readonly words: Words
  readonly held: NonNullable<Awaited<ReturnType<typeof heldSession>>>
  readonly account: string
  readonly enrolled: readonly EnrolledAuthenticator[]
  readonly leave: ChangeLeave
  readonly attempt: Attempt
}

/** What a change answers: a page, a sentence over the account page, or a sentence that something went wrong. */
export type Done =
  | { readonly page: readonly [title: string, body: Markup] }
  | { readonly said: string; readonly good: boolean }
  | { readonly json: unknown }
  | { readonly location: string }

/** An account whose reach forbids codes is offered none: it could not use them. */
export const codesAllowed = (parts: PeopleParts, account: string): boolean =>
  parts.floorOf(account)?.codes === 'allowed'

/** What a change left, for the page that is drawn in the same answer. */
const renewed = new WeakMap<FastifyReply, { readonly session: Session; readonly isOwn: boolean }>()

type Renewing = Pick<Change, 'request' | 'reply' | 'fields' | 'held'>

/** What the session that a change leaves follows from. */
const beforeOf = ({ held, fields }: Renewing) => ({
  token: held.token,
  form: fields['form'] ?? '',
})

/**
 * Ends all sessions, and goes on in one that is new, and rests on what the old one did; without the proofs of what is gone now, and
 * not at all where nothing else was proved.
 */
export async function renew(
  parts: PeopleParts,
  it: Renewing,
  reason: string,
  isGone: IsGone = () => false,
): Promise<void> {
  const { reply, held } = it
  const [token = ''] = successorsOf(parts.tools.keyring, beforeOf(it))
  const proofs = held.session.proofs.filter((proof) => !isGone(proof))
  const note = (id: string) => noteRestsOn(parts, id, proofs)
  const session = await endOtherSessions(parts.tools, { ...held.session, proofs }, hashOf(token), reason, note)
  if (session === null) {
    await follow(parts, it, true)
    return
  }
  await endedMeanwhile(parts, session.id, proofs)
  renewed.set(reply, { session, isOwn: true })
  reply.header('set-cookie', sessionCookie(token))
}

/** Goes on in the session that another post of the same page left at the same time, if one did. */
async function follow({ tools }: PeopleParts, it: Renewing, isOwn: boolean): Promise<void> {
  const { request, reply } = it
  const next = await succeeded(tools, beforeOf(it), request.headers.cookie)
  if (next === null) return
  renewed.set(reply, { session: next.session, isOwn })
  reply.header('set-cookie', sessionCookie(next.token))
}

/**
 * The session after a change that was tried in one, for the page that tells of it; null where it is over. `isOwn` says whether what
 * is in force is what that change left, and not what another did at the same moment.
 */
export async function sessionAfter(
  parts: PeopleParts,
  it: Renewing,
): Promise<{ readonly session: Session; readonly isOwn: boolean } | null> {
  if (!renewed.has(it.reply)) {
    const still = await heldSession(parts, it.request)
    if (still !== null) return { session: still.session, isOwn: true }
    await follow(parts, it, false)
  }
  return renewed.get(it.reply) ?? null
}

/** Whether a proof is of what was removed. */
export type IsGone = (proof: Proof) => boolean

export async function changed(
  parts: PeopleParts,
  it: Change,
  template: string,
  name: string,
  {
    also = [],
    isGone,
    kind,
  }: {
    readonly kind?: FactorName
    readonly also?: readonly { readonly channel: 'sms'; readonly to: string }[]
    readonly isGone?: IsGone
  } = {},
): Promise<Done> {
  await renew(parts, it, template, isGone)
  await parts.tools.notify(it.account, { template, values: { name, ...(kind && { kind }) }, also })
  return { said: it.words.changed, good: true }
}
