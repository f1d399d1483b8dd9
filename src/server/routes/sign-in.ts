/** The pages of sign-in, step-up and consent. Every way to a session leads through `standingOf` and `complete`. */
import formBody from '@fastify/formbody'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { AmbitError } from '#lib/errors.ts'

import {
  choosePage,
  codePage,
  consentPage,
  deniedPage,
  identifyPage,
  morePage,
  pushPage,
  type SignInView,
} from '#server/pages/sign-in.ts'
import { pageHeaders, page } from '#server/pages/layout.ts'
import type { Markup } from '#server/pages/html.ts'
import { wordsFor } from '#server/pages/words/words.ts'
import { browserHandle, formToken, postedForm } from '#server/sign-in/forms.ts'
import { complete, heldSession, interactionOf, signInOf, standingOf } from '#server/sign-in/interaction.ts'
import { numberOf } from '#server/sign-in/app-push.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'
import { linksOf, upstreamOrigins, type UpstreamProvider } from '#server/sign-in/upstream.ts'
import { ACTS, ANSWERED, isAskedAnew, restart, type Step } from '#server/sign-in/acts.ts'

export function signInRoutes(parts: PeopleParts) {
  return async (app: FastifyInstance): Promise<void> => {
    await app.register(formBody, { bodyLimit: 100_000 })
    app.get<{ Params: { uid: string } }>('/interaction/:uid', { config: { access: 'own' } }, async (request, reply) => {
      const interaction = await interactionOf(parts, request, reply)
      const browser = browserHandle(request, reply)
      const signIn = await signInOf(parts, interaction.uid, browser)
      const held = await heldSession(parts, request)
      const words = wordsFor(request.headers['accept-language'])
      return show(parts, { request, reply, fields: {}, browser, interaction, signIn, held, words }, null)
    })
    for (const [name, act] of Object.entries(ACTS)) {
      app.post<{ Params: { uid: string } }>(
        `/interaction/:uid/${name}`,
        { config: { access: 'own' } },
        async (request, reply) => {
          const { keyring } = parts.tools
          const { fields, browser } = postedForm(request, { keyring, place: request.params.uid, origin: parts.origin })
          const interaction = await interactionOf(parts, request, reply)
          if (interaction.uid !== request.params.uid)
            throw new AmbitError('forbidden', 'this form belongs to another sign-in; load the page anew')
          const signIn = await signInOf(parts, interaction.uid, browser)
          const held = await heldSession(parts, request)
          const words = wordsFor(request.headers['accept-language'])
          const step = { request, reply, fields, browser, interaction, signIn, held, words }
          const message = await act(parts, step)
          if (message === ANSWERED) return reply
          const after = await signInOf(parts, interaction.uid, browser)
          return show(parts, { ...step, signIn: after }, message)
        },
      )
    }
  }
}

/** Shows where things stand; where that is enough, goes back to the client instead. */
async function show(parts: PeopleParts, step: Step, message: string | null): Promise<FastifyReply> {
  const { reply, interaction, signIn, held, words } = step
  const at = `/interaction/${interaction.uid}`
  const token = formToken(parts.tools.keyring, interaction.uid, step.browser)
  const view: SignInView = { words, at, token, client: interaction.client, message, why: [] }
  const elsewhere = await upstreamOrigins(parts)
  const draw = (title: string, body: Markup, script = true) => {
    const leadsTo = [...(interaction.redirectOrigin === null ? [] : [interaction.redirectOrigin]), ...elsewhere]
    return reply.headers(pageHeaders(leadsTo)).send(page({ words, title, body, script, brand: parts.brand }))
  }
  if (interaction.prompt === 'consent') {
    return draw(words.consent(interaction.client), consentPage(view, { scopes: interaction.scopes }), false)
  }
  if (signIn.pending?.factor === 'push') {
    const shows = { number: await numberOf(parts, signIn.pending), minutes: parts.tools.rules.pushes.ttl / 60_000 }
    return draw(words.stepUp, pushPage(view, shows), false)
  }
  if (signIn.pending !== null) {
    const { digits, ttl } = parts.tools.rules.codes
    return draw(words.signIn, codePage(view, { digits, minutes: ttl / 60_000 }), false)
  }
  const account = signIn.account ?? (signIn.typed === null ? (held?.session.account ?? null) : null)
  const hasProofs = signIn.proofs.length > 0
  if (account === null || (!hasProofs && held?.session.account !== account)) {
    if (signIn.typed === null)
      return draw(
        words.signInTo(interaction.client),
        identifyPage(view, { passkeys: parts.factors.includes('passkey'), upstreams: parts.upstreams.list }),
      )
    const isNumber = signIn.typed.startsWith('+')
    const first = (['password', 'passkey', 'email_code', 'sms_code', 'recovery_code'] as const).filter(
      // a code only ever goes where the name that was typed says
      (each) => parts.factors.includes(each) && each !== (isNumber ? 'email_code' : 'sms_code'),
    )
    return draw(words.choose, choosePage(view, { typed: signIn.typed, first }))
  }
  const isStepUp = held?.session.account === account
  const isAnew = isAskedAnew(interaction)
  const proofs = [...(isStepUp && !isAnew ? held.session.proofs : []), ...signIn.proofs]
  const standing = await standingOf(parts, interaction, account, { proofs, fresh: signIn.proofs, isStepUp })
  // an account that nobody can say anything of looks like one whose proof was wrong
  if (standing === null) {
    await restart(parts, step)
    return draw(
      words.signInTo(interaction.client),
      identifyPage({ ...view, message: words.refused }, { passkeys: true, upstreams: parts.upstreams.list }),
    )
  }
  if (standing.enough && (hasProofs || isStepUp)) {
    return reply.redirect(await complete(parts, step.request, reply, signIn, standing, held), 303)
  }
  const { strength } = standing.need
  const asksFor = strength === 'none' || strength === 'single_factor' ? [] : [words.asksFor[strength]]
  if (standing.offers.length === 0) {
    // whoever came with a passkey need not hear of codes
    const codesForbidden = standing.forbidden && !proofs.some(({ factor }) => factor === 'passkey')
    return draw(words.denied, deniedPage({ ...view, why: asksFor }, { codesForbidden }), false)
  }
  const why = isStepUp
    ? [
        interaction.reasons.includes('auth_too_old')
          ? words.tooOld
          : interaction.isOwn
            ? words.ownStepUp
            : isAnew && !interaction.reasons.includes('acr_unmet')
              ? words.askedAnew(interaction.client)
              : words.stepUpWhy(interaction.client),
      ]
    : [words.accountNeeds]
  const withCodes = standing.forbidden ? [`${words.codesNotEnough} ${words.codesWhy}`] : []
  const shown = { ...view, why: [...why, ...asksFor, ...withCodes] }
  const upstreams = await namesOfLinks(parts, account)
  return draw(words.stepUp, morePage(shown, { offers: standing.offers, upstreams }))
}

/** What each linked provider is called, by the link. */
async function namesOfLinks(parts: PeopleParts, account: string): Promise<ReadonlyMap<string, UpstreamProvider>> {
  const links = linksOf(parts, await parts.identifiers.listOf(account))
  return new Map(links.flatMap(({ link, provider }) => (provider === null ? [] : [[link.canonical, provider]])))
}
