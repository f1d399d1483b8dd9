/** Enrolling with a pass that somebody handed over, and the page behind "it was not me". */
import formBody from '@fastify/formbody'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answerPass } from '#authn/enrolment-pass.ts'
import { canonical, kindOf, nobodys } from '#authn/identifiers.ts'
import { NOT_ME_PATH, notMeOf } from '#authn/not-me.ts'
import { beginRegistration, canonicalName, finishRegistration } from '#authn/passkeys.ts'
import { tellsOfOpen } from '#authn/recovery.ts'
import { sayNotMe } from '#authn/say-not-me.ts'
import { AmbitError } from '#lib/errors.ts'
import { addPasskeyForm, enrolPage, notMePage } from '#server/pages/account.ts'
import type { Problem } from '#server/pages/error.ts'
import { html, type Markup } from '#server/pages/html.ts'
import { pageHeaders, notice, page } from '#server/pages/layout.ts'
import { wordsFor } from '#server/pages/words/words.ts'
import { browserHandle, formToken, parsedField, postedForm } from '#server/sign-in/forms.ts'
import { openLeave, sealLeave } from '#server/sign-in/leave.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'

export function enrolRoutes(parts: PeopleParts) {
  const { tools, origin } = parts
  const { keyring, clock } = tools
  const leaveIn = (text: string | undefined, browser: string) => openLeave(keyring, text, browser, clock())
  const draw = (request: FastifyRequest, reply: FastifyReply, title: string, body: Markup, script = false) => {
    const words = wordsFor(request.headers['accept-language'])
    return reply.headers(pageHeaders()).send(page({ words, title, body, script, brand: parts.brand }))
  }
  return async (app: FastifyInstance): Promise<void> => {
    const config = { access: 'own' } as const
    await app.register(formBody, { bodyLimit: 100_000 })
    const attemptOf = (account: string, browser: string) =>
      ({ account, purpose: 'enrol', browser, binding: '', access: null, session: null }) as const

    app.get('/enrol', { config }, async (request, reply) => {
      const words = wordsFor(request.headers['accept-language'])
      const token = formToken(keyring, 'enrol', browserHandle(request, reply))
      return draw(request, reply, words.enrolmentPass, enrolPage(words, token, null))
    })
    app.post('/enrol', { config }, async (request, reply) => {
      const words = wordsFor(request.headers['accept-language'])
      const { fields, browser } = postedForm(request, { keyring, place: 'enrol', origin })
      const typed = fields['identifier'] ?? ''
      const name = canonical(kindOf(typed), typed)
      const found = name === null ? null : await parts.identifiers.find(kindOf(typed), name)
      const account = found?.account ?? nobodys(keyring, typed)
      const { outcome, enrols } = await answerPass(tools, { ...attemptOf(account, browser), typed: fields['pass'] })
      const token = formToken(keyring, 'enrol', browser)
      if (!outcome.accepted || enrols !== 'passkey')
        return draw(request, reply, words.enrolmentPass, enrolPage(words, token, words.refused))
      const { boundAtAal } = outcome.proof
      const leave = sealLeave(keyring, { account, browser, boundAtAal }, clock())
      const extra = html`<input type="hidden" name="leave" value="${leave}" />`
      return draw(request, reply, words.addPasskey, addPasskeyForm(words, { at: '/enrol', token, extra }), true)
    })
    app.post('/enrol/passkey-options', { config }, async (request, reply) => {
      const { fields, browser } = postedForm(request, { keyring, place: 'enrol', origin })
      const { account } = leaveIn(fields['leave'], browser)
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
      const { fields, browser } = postedForm(request, { keyring, place: 'enrol', origin })
      const leave = leaveIn(fields['leave'], browser)
      // used up before the key is taken: of two keys at once, one is enrolled
      if (!(await parts.links.use(leave.id, leave.expiresAt, clock()))) {
        throw new AmbitError('conflict', 'this pass has enrolled a key already; ask for a new one', {
          says: 'passOver' satisfies Problem,
        })
      }
      const outcome = await finishRegistration(tools, parts.passkeys, {
        ...attemptOf(leave.account, browser),
        challenge: fields['challenge'] ?? '',
        response: parsedField(fields['response']),
        name: fields['name'],
        boundAtAal: leave.boundAtAal,
      })
      if (!outcome.accepted) return draw(request, reply, words.denied, html`${notice(words.passkeyFailed)}`)
      // whoever was in before this key came is not carried over
      await tools.accounts.endEverything(leave.account, { reason: 'authenticator_added' }, clock())
      await tools.notify(leave.account, {
        template: 'authenticator_added',
        values: { name: canonicalName(fields['name']) },
      })
      const next = html`${notice(words.changed, 'good')}
        <p><a class="button" href="/account">${words.account}</a></p>`
      return draw(request, reply, words.addPasskey, next)
    })

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
