/** What the pages of an enrolment with a pass have in common: how they are drawn, and what follows once something is enrolled. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AmbitError } from '#lib/errors.ts'
import { enrolLinkPage } from '#server/pages/enrolment.ts'
import type { Problem } from '#server/pages/error.ts'
import { html, type Markup } from '#server/pages/html.ts'
import { notice, page, pageHeaders } from '#server/pages/layout.ts'
import { wordsFor } from '#server/pages/words/words.ts'
import { formToken } from './forms.ts'
import type { Leave } from './leave.ts'
import type { PeopleParts } from './parts.ts'
import { upstreamOrigins } from './upstream.ts'

/** The forms of these pages, as a place for their tokens. */
export const ENROL = 'enrol'

/** One request for these pages, and its answer. */
export interface Asked {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

export function drawEnrolment(
  { brand }: Pick<PeopleParts, 'brand'>,
  { request, reply }: Asked,
  {
    title,
    body,
    script = false,
    leadsTo = [],
  }: {
    readonly title: string
    readonly body: Markup
    readonly script?: boolean
    /** origins that its forms end at, beside this one */
    readonly leadsTo?: readonly string[]
  },
): FastifyReply {
  const words = wordsFor(request.headers['accept-language'])
  return reply.headers(pageHeaders(leadsTo)).send(page({ words, title, body, script, brand }))
}

/** Where somebody may go to be linked, under a leave that is good still. */
export async function drawLinkChoice(
  parts: PeopleParts,
  asked: Asked,
  it: { readonly leave: string; readonly browser: string; readonly message: string | null },
): Promise<FastifyReply> {
  const words = wordsFor(asked.request.headers['accept-language'])
  const token = formToken(parts.tools.keyring, ENROL, it.browser)
  const body = enrolLinkPage(words, token, { ...it, upstreams: parts.upstreams.list })
  return drawEnrolment(parts, asked, { title: words.upstreams, body, leadsTo: await upstreamOrigins(parts) })
}

/**
 * Uses leave up, before anything is enrolled by it: of two at once, one is.
 *
 * @throws {AmbitError} `conflict` where it was used before
 */
export async function useLeave(
  { links, tools }: PeopleParts,
  { id, expiresAt }: Pick<Leave, 'id' | 'expiresAt'>,
): Promise<void> {
  if (await links.use(id, expiresAt, tools.clock())) return
  const says = 'passOver' satisfies Problem
  throw new AmbitError('conflict', 'this pass has enrolled something already; ask for a new one', { says })
}

/** Something is enrolled: whoever was in before it came is not carried over, and every address is told. */
export async function enrolled(
  parts: PeopleParts,
  asked: Asked,
  {
    account,
    title,
    template,
    name,
  }: {
    readonly account: string
    readonly title: string
    readonly template: 'authenticator_added' | 'upstream_linked'
    readonly name: string
  },
): Promise<FastifyReply> {
  const { tools } = parts
  const words = wordsFor(asked.request.headers['accept-language'])
  await tools.accounts.endEverything(account, { reason: template }, tools.clock())
  const kind = template === 'authenticator_added' ? { kind: 'passkey' } : {}
  await tools.notify(account, { template, values: { name, ...kind } })
  const body = html`${notice(words.changed, 'good')}
    <p><a class="button" href="/account">${words.account}</a></p>`
  return drawEnrolment(parts, asked, { title, body })
}
