/** Enrolling with a pass that somebody handed over, and the page behind "it was not me". */
import formBody from '@fastify/formbody'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answerPass } from '#authn/enrolment-pass.ts'
import { canonical, kindOf, nobodys } from '#authn/identifiers.ts'
import { NOT_ME_PATH, notMeOf } from '#authn/not-me.ts'
import { beginRegistration, canonicalName, finishRegistration } from '#authn/passkeys.ts'
import { tellsOfOpen } from '#authn/recovery.ts'
import { sayNotMe } from '#authn/say-not-me.ts'
import { notMePage } from '#server/pages/account.ts'
import { addPasskeyForm, enrolPage } from '#server/pages/enrolment.ts'
import { html, type Markup } from '#server/pages/html.ts'
import { notice } from '#server/pages/layout.ts'
import { wordsFor } from '#server/pages/words/words.ts'
import { browserHandle, formToken, parsedField, postedForm } from '#server/sign-in/forms.ts'
import { drawEnrolment, drawLinkChoice, ENROL, enrolled, useLeave } from '#server/sign-in/enrolment.ts'
import { openLeave, sealLeave } from '#server/sign-in/leave.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'
import { enrolLinkRoutes } from './enrol-link.ts'

export function enrolRoutes(parts: PeopleParts) {
  const { tools, origin } = parts
  const { keyring, clock } = tools
  const draw = (request: FastifyRequest, reply: FastifyReply, title: string, body: Markup, script = false) =>
    drawEnrolment(parts, { request, reply }, { title, body, script })
  return async (app: FastifyInstance): Promise<void> => {
    const config = { access: 'own' } as const
    await app.register(formBody, { bodyLimit: 100_000 })
    const attemptOf = (account: string, browser: string) =>
      ({ account, purpose: 'enrol', browser, binding: '', access: null, session: null }) as const

    app.get('/enrol', { config }, async (request, reply) => {
      const words = wordsFor(request.headers['accept-language'])
      const token = formToken(keyring, ENROL, browserHandle(request, reply))
      return draw(request, reply, words.enrolmentPass, enrolPage(words, token, null))
    })
    app.post('/enrol', { config }, async (request, reply) => {
      const words = wordsFor(request.headers['accept-language'])
      const { fields, browser } = postedForm(request, { keyring, place: ENROL, origin })
      const typed = fields['identifier'] ?? ''
      const name = canonical(kindOf(typed), typed)
      const found = name === null ? null : await parts.identifiers.find(kindOf(typed), name)
      const account = found?.account ?? nobodys(keyring, typed)
      const { outcome, enrols } = await answerPass(tools, { ...attemptOf(account, browser), typed: fields['pass'] })
      const token = formToken(keyring, ENROL, browser)
      if (!outcome.accepted || (enrols !== 'passkey' && enrols !== 'upstream'))
        return draw(request, reply, words.enrolmentPass, enrolPage(words, token, words.refused))
      const { boundAtAal } = outcome.proof
      const leave = sealLeave(keyring, { account, enrols, browser, boundAtAal, epoch: outcome.epoch }, clock())
      if (enrols === 'upstream') return drawLinkChoice(parts, { request, reply }, { leave, browser, message: null })
      const extra = html`<input type="hidden" name="leave" value="${leave}" />`
      return draw(request, reply, words.addPasskey, addPasskeyForm(words, { at: '/enrol', token, extra }), true)
    })
    app.post('/enrol/passkey-options', { config }, async (request, reply) => {
      const { fields, browser } = postedForm(request, { keyring, place: ENROL, origin })
      const { account } = await openLeave(tools, fields['leave'], { enrols: 'passkey', browser })
      return reply.send(
        await beginRegistration(tools, parts.passkeys, {
          ...attemptOf(account, browser),
          displayName: account,
          attest: true,
        }),
      )
    })
    app.post('/enrol/passkey', { config }, async (request, reply) => {
      const words = wordsFor(request.headers['accept-language'])
      const { fields, browser } = postedForm(request, { keyring, place: ENROL, origin })
      const { account, ...leave } = await openLeave(tools, fields['leave'], { enrols: 'passkey', browser })
      await useLeave(parts, leave)
      const outcome = await finishRegistration(tools, parts.passkeys, {
        ...attemptOf(account, browser),
        challenge: fields['challenge'] ?? '',
        response: parsedField(fields['response']),
        name: fields['name'],
        boundAtAal: leave.boundAtAal,
      })
      if (!outcome.accepted) return draw(request, reply, words.denied, html`${notice(words.passkeyFailed)}`)
      const added = { account, title: words.addPasskey, template: 'authenticator_added' } as const
      return enrolled(parts, { request, reply }, { ...added, name: canonicalName(fields['name']) })
    })
    enrolLinkRoutes(app, parts)

    app.get<{ Querystring: { t?: string } }>(NOT_ME_PATH, { config }, async (request, reply) => {
      const words = wordsFor(request.headers['accept-language'])
      const { t } = request.query
      const said = notMeOf(keyring, t, clock())
      if (said === null) return draw(request, reply, words.notMe, html`${notice(words.notMeOver)}`)
      const token = formToken(keyring, 'not-me', browserHandle(request, reply))
      return draw(
        request,
        reply,
        words.notMe,
        notMePage(words, token, { link: t!, isRecovery: tellsOfOpen(said.notice) }),
      )
    })
    app.post(NOT_ME_PATH, { config }, async (request, reply) => {
      const words = wordsFor(request.headers['accept-language'])
      const { fields } = postedForm(request, { keyring, place: 'not-me', origin })
      const done = await sayNotMe(parts, fields['t'])
      if (done === 'over') return draw(request, reply, words.notMe, html`${notice(words.notMeOver)}`)
      return draw(request, reply, words.notMe, html`${notice(words.notMeDone[done], 'good')}`)
    })
  }
}
