/** Where browsers come back to from other providers. Each has an address of its own, so that no answer is taken for that of another. */
import formBody from '@fastify/formbody'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { VerifiedToken } from '#authn/token.ts'
import { AmbitError } from '#lib/errors.ts'
import { linkPage } from '#server/pages/enrolment.ts'
import type { Markup } from '#server/pages/html.ts'
import { page, pageHeaders } from '#server/pages/layout.ts'
import { upstreamProblemPage } from '#server/pages/sign-in.ts'
import { wordsFor } from '#server/pages/words/words.ts'
import type { Words } from '#server/pages/words/en.ts'
import { browserOf, hashOf } from '#server/provider/cookies.ts'
import { finishFlow, type FlowOutcome, type FlowProblem } from '#server/gate/code-flow.ts'
import { drawLinkChoice, ENROL } from '#server/sign-in/enrolment.ts'
import { formToken } from '#server/sign-in/forms.ts'
import { heldSession, noteFailure } from '#server/sign-in/interaction.ts'
import { endedUpstream } from '#server/sign-in/upstream-logout.ts'
import { openLeave } from '#server/sign-in/leave.ts'
import { foundLink } from '#server/sign-in/own-upstreams.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'
import {
  isFresh,
  linkOf,
  proveUpstream,
  upstreamPath,
  type Errand,
  type UpstreamProvider,
} from '#server/sign-in/upstream.ts'

interface Return<E extends Errand = Errand> {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly provider: UpstreamProvider
  readonly browser: string
  readonly errand: E
  readonly token: VerifiedToken
  readonly words: Words
}

export function upstreamRoutes(parts: PeopleParts) {
  return async (app: FastifyInstance): Promise<void> => {
    await app.register(formBody, { bodyLimit: 20_000 })
    app.post<{ Params: { id: string }; Body: unknown }>(
      `${upstreamPath(':id')}/logout`,
      { config: { access: 'own' } },
      async (request, reply) => {
        const provider = parts.upstreams.list.find(({ id }) => id === request.params.id)
        if (provider === undefined) throw new AmbitError('not_found', 'no such provider is configured')
        const { body } = request
        const token: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'logout_token') : null
        const refused = await endedUpstream(parts.upstreams, provider, token, parts.tools.clock())
        reply.header('cache-control', 'no-store')
        if (refused === null) return reply.code(200).send()
        // it comes again where its keys could not be had; else it need not (Back-Channel Logout 1.0 §2.8)
        const status = refused === 'keys_unavailable' ? 503 : 400
        return reply.code(status).send({ error: 'invalid_request', error_description: refused })
      },
    )
    app.get<{ Params: { id: string }; Querystring: Record<string, unknown> }>(
      upstreamPath(':id'),
      { config: { access: 'own' } },
      async (request, reply) => {
        const { upstreams, origin } = parts
        const words = wordsFor(request.headers['accept-language'])
        const provider = upstreams.list.find(({ id }) => id === request.params.id)
        if (provider === undefined) throw new AmbitError('not_found', 'no such provider is configured')
        const browser = browserOf(request.headers.cookie)
        const finished = await finishFlow(upstreams.flow, {
          issuers: [provider.issuer],
          redirectUri: `${origin}${upstreamPath(provider.id)}`,
          query: request.query,
          browser,
        })
        const errand = finished.kept === null ? null : (JSON.parse(finished.kept.returnTo) as Errand)
        if (browser === null || errand === null) return problem(parts, reply, words, words.upstreamOver, '/account')
        const came = { request, reply, provider, browser, words }
        if (errand.to === 'enrol') return byPass(parts, { ...came, errand }, finished)
        const back = errand.to === 'link' ? '/account' : `/interaction/${errand.uid}`
        if (!finished.ok) return problem(parts, reply, words, textOf(finished.why, words, provider.name), back)
        const { token } = finished
        const returned = { ...came, token }
        return errand.to === 'link'
          ? linked(parts, { ...returned, errand }, back)
          : signedIn(parts, { ...returned, errand }, back)
      },
    )
  }
}

const textOf = (why: FlowProblem, words: Words, name: string): string =>
  why === 'not_this_browser'
    ? words.upstreamOver
    : why === 'unavailable'
      ? words.upstreamUnavailable(name)
      : words.upstreamRefused(name)

const draw = ({ brand }: PeopleParts, reply: FastifyReply, words: Words, title: string, body: Markup): FastifyReply =>
  reply.headers(pageHeaders()).send(page({ words, title, body, brand }))

const problem = (parts: PeopleParts, reply: FastifyReply, words: Words, message: string, back: string): FastifyReply =>
  draw(parts, reply.code(403), words, words.error, upstreamProblemPage(words, { message, back }))

/** Adds what was proved there to the sign-in that sent the browser; the pages go on from there. */
async function signedIn(
  parts: PeopleParts,
  { request, reply, provider, browser, token, errand, words }: Return<Extract<Errand, { to: 'sign_in' }>>,
  back: string,
): Promise<FastifyReply> {
  const { tools, signIns } = parts
  const refuse = (message: string) => problem(parts, reply, words, message, back)
  const signIn = await signIns.find(hashOf(errand.uid), browser, tools.clock())
  if (signIn === null) return refuse(words.upstreamOver)
  const link = await linkOf(parts, token)
  const held = await heldSession(parts, request)
  const recognised = signIn.proofs.length > 0 ? signIn.account : signIn.typed === null ? held?.session.account : null
  const isStepUp = link !== null && held?.session.account === link.account
  const outcome = await proveUpstream(parts, token, errand, link, {
    purpose: isStepUp ? 'step_up' : 'sign_in',
    browser,
    binding: '',
    access: errand.access,
    session: isStepUp ? held.session.id : null,
  })
  if (link === null) return refuse(words.upstreamUnlinked(provider.name))
  // proofs of one person are never added to those of another
  if (recognised != null && recognised !== link.account) return refuse(words.upstreamOther(provider.name))
  if (!outcome.accepted) {
    await noteFailure(parts, request, link.account)
    return refuse(words.upstreamRefused(provider.name))
  }
  const { proof, epoch } = outcome
  const before = signIn.epoch === epoch ? signIn.proofs : []
  const changed = { ...signIn, account: link.account, proofs: [...before, proof], epoch, pending: null }
  if (!(await signIns.change(changed))) return refuse(words.upstreamOver)
  return reply.redirect(back, 303)
}

/** Shows whom it found there; nothing is linked before the person agrees. */
async function linked(
  parts: PeopleParts,
  { request, reply, provider, browser, token, errand, words }: Return<Extract<Errand, { to: 'link' }>>,
  back: string,
): Promise<FastifyReply> {
  const { tools } = parts
  const held = await heldSession(parts, request)
  if (held === null || held.session.id !== errand.session) return problem(parts, reply, words, words.upstreamOver, back)
  if (!isFresh(token, errand, tools.clock()))
    return problem(parts, reply, words, words.upstreamRefused(provider.name), back)
  const found = foundLink(parts, token, { account: held.session.account, browser, provider: provider.id })
  const form = formToken(tools.keyring, 'account', browser)
  return draw(parts, reply, words, words.upstreams, linkPage(words, form, { name: provider.name, ...found }))
}

/**
 * Shows whom it found there, or that it was nobody who can be linked, and where else to try: the pass is used up, but the leave that it
 * gave is good until something is linked.
 */
async function byPass(
  parts: PeopleParts,
  { request, reply, provider, browser, errand, words }: Omit<Return<Extract<Errand, { to: 'enrol' }>>, 'token'>,
  finished: FlowOutcome,
): Promise<FastifyReply> {
  const { tools } = parts
  const { leave } = errand
  const { account } = await openLeave(tools, leave, { enrols: 'upstream', browser })
  const refuse = (message: string) =>
    drawLinkChoice(parts, { request, reply: reply.code(403) }, { leave, browser, message })
  if (!finished.ok) return refuse(textOf(finished.why, words, provider.name))
  const { token } = finished
  if (!isFresh(token, errand, tools.clock())) return refuse(words.upstreamRefused(provider.name))
  const link = await linkOf(parts, token)
  if (link !== null)
    return refuse(link.account === account ? words.upstreamOwn(provider.name) : words.upstreamOther(provider.name))
  const found = foundLink(parts, token, { account, browser, provider: provider.id })
  const form = formToken(tools.keyring, ENROL, browser)
  return draw(parts, reply, words, words.upstreams, linkPage(words, form, { name: provider.name, ...found, leave }))
}
