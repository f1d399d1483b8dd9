/** Enrolling with a pass that somebody handed over, and the page behind "it was not me". */
import formBody from '@fastify/formbody'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answerPass } from '#authn/enrolment-pass.ts'
import { canonical, kindOf } from '#authn/identifiers.ts'
import { NOT_ME_PATH, notMeOf, useNotMe } from '#authn/not-me.ts'
import { beginRegistration, canonicalName, finishRegistration } from '#authn/passkeys.ts'
import { AmbitError } from '#lib/errors.ts'
import { newId } from '#lib/ids.ts'
import { addPasskeyForm, enrolPage, notMePage } from '#server/pages/account.ts'
import { html, type Markup } from '#server/pages/html.ts'
import { pageHeaders, notice, page } from '#server/pages/layout.ts'
import { wordsFor } from '#server/pages/words/words.ts'
import { browserHandle, formToken, parsedField, postedForm } from '#server/sign-in/forms.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'

/** Milliseconds between a pass that was taken and the key that it lets enrol: as long as the ceremony of a key may take, twice. */
const TTL_MS = 600_000

/** Leave to enrol one passkey, once, in this browser; under a MAC, so nothing is kept of it until it is used. */
interface Leave {
  readonly id: string
  readonly account: string
  readonly browser: string
  readonly boundAtAal: number
  readonly expiresAt: number
}

export function enrolRoutes(parts: PeopleParts) {
  const { tools, origin } = parts
  const { keyring, clock } = tools
  const sealed = (leave: Leave): string => {
    const payload = Buffer.from(JSON.stringify(leave)).toString('base64url')
    return `${payload}.${keyring.mac('pass', 'leave', payload)}`
  }
  const leaveIn = (text: string | undefined, browser: string): Leave => {
    const [payload = '', ...mac] = (text ?? '').slice(0, 4096).split('.')
    const isOurs = keyring.holds(mac.join('.'), 'pass', 'leave', payload)
    const leave = isOurs ? (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Leave) : null
    if (leave !== null && leave.browser === browser && clock() < leave.expiresAt) return leave
    throw new AmbitError('forbidden', 'this enrolment is over or belongs to another browser; ask for a new pass')
  }
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
      const account = found?.account ?? '? nobody'
      const { outcome, enrols } = await answerPass(tools, { ...attemptOf(account, browser), typed: fields['pass'] })
      const token = formToken(keyring, 'enrol', browser)
      if (!outcome.accepted || enrols !== 'passkey')
        return draw(request, reply, words.enrolmentPass, enrolPage(words, token, words.refused))
      const { boundAtAal } = outcome.proof
      const leave = sealed({ id: newId('lv'), account, browser, boundAtAal, expiresAt: clock() + TTL_MS })
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
        throw new AmbitError('conflict', 'this pass has enrolled a key already; ask for a new one')
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
      if (notMeOf(keyring, t, clock()) === null) return draw(request, reply, words.error, html`<p>${words.expired}</p>`)
      const token = formToken(keyring, 'not-me', browserHandle(request, reply))
      return draw(request, reply, words.notMe, notMePage(words, token, t!))
    })
    app.post(NOT_ME_PATH, { config }, async (request, reply) => {
      const words = wordsFor(request.headers['accept-language'])
      const { fields } = postedForm(request, { keyring, place: 'not-me', origin })
      const said = await useNotMe(keyring, parts.links, fields['t'], clock())
      if (said === null) return draw(request, reply, words.error, html`<p>${words.expired}</p>`)
      await tools.accounts.endEverything(said.account, { status: 'frozen', reason: 'not_me' }, clock())
      await tools.notify(said.account, { template: 'account_frozen', values: {} })
      return draw(request, reply, words.notMe, html`${notice(words.notMeDone, 'good')}`)
    })
  }
}
