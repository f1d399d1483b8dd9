/**
 * The door to the pages for devices. Whoever types a code is signed in, so that tries are counted by account and not by address;
 * each post is counted before anything is compared, whatever comes of it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Budget } from '#authn/budget.ts'
import { AmbitError } from '#lib/errors.ts'
import { notice, page, pageHeaders } from '#server/pages/layout.ts'
import { wordsFor } from '#server/pages/words/words.ts'
import { SHOWN_CODE } from '#server/provider/device.ts'
import { heldSession } from '#server/sign-in/interaction.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'
import { DEVICE_RETURN, signInUrl } from '#server/sign-in/step-up.ts'
import { handOver, PROVIDER_PATH } from './provider.ts'

const PATH = `${PROVIDER_PATH}/device`
/**
 * Posts of codes by one account; an approval takes two. Of a thousand devices that wait, with 34 bits each, an account that guesses
 * finds one in 1,700 years. A right code gives no new tries, since everybody can have a device of his own. Ours (RFC 8628 §5.1).
 */
const TRIES: Budget = { perHour: 10, perDay: 40, inARow: 1_000_000_000 }

export function deviceRoutes(parts: PeopleParts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get(DEVICE_RETURN, { config: { access: 'own' } }, async (request, reply) =>
      reply.redirect(withCode(codeIn(request, 'state')), 303),
    )
    await app.register(async (scope) => {
      // the provider reads its bodies itself
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
      scope.get(PATH, { config: { access: 'own' } }, async (request, reply) => {
        const code = codeIn(request, 'user_code')
        if (code !== '') return reply.redirect(withCode(code), 303)
        if ((await heldSession(parts, request)) === null)
          return reply.redirect(
            signInUrl(parts.origin, null, { to: DEVICE_RETURN, state: codeIn(request, SHOWN_CODE) }),
            303,
          )
        return handOver(parts.provider, request, reply)
      })
      scope.post(PATH, { config: { access: 'own' } }, async (request, reply) => {
        const { origin, 'sec-fetch-site': site } = request.headers
        if ((origin !== undefined && origin !== parts.origin) || (site !== undefined && site !== 'same-origin'))
          throw new AmbitError('forbidden', 'the form did not come from this page; go back and load the page anew')
        const held = await heldSession(parts, request)
        if (held === null) return reply.redirect(`${parts.origin}${PATH}`, 303)
        const { tools } = parts
        const tried = await tools.budgets.reserve(held.session.account, 'user_code', '', TRIES, tools.clock())
        return tried !== null ? handOver(parts.provider, request, reply) : tooOften(parts, request, reply)
      })
    })
  }
}

/** A code in an address, as far as it can be one. */
function codeIn({ query }: FastifyRequest, name: string): string {
  const value: unknown = typeof query === 'object' && query !== null ? Reflect.get(query, name) : undefined
  return typeof value === 'string' && /^[A-Za-z-]{1,20}$/.test(value) ? value : ''
}

const withCode = (code: string): string => (code === '' ? PATH : `${PATH}?${SHOWN_CODE}=${code}`)

function tooOften({ brand }: PeopleParts, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const words = wordsFor(request.headers['accept-language'])
  const body = notice(words.deviceTooOften)!
  return reply
    .code(429)
    .headers(pageHeaders())
    .send(page({ words, title: words.device, body, brand }))
}
