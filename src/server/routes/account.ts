/**
 * What somebody can see and change of their own account. Everything that changes how one signs in needs a proof as strong as the
 * strongest that is enrolled, not older than five minutes; every change is told to every address, and ends all other sessions.
 */
import formBody from '@fastify/formbody'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Attempt } from '#authn/ceremony.ts'
import { leaveForChanges, type ChangeLeave } from '#authn/changes.ts'
import { askedOf } from '#authn/asked-of.ts'
import { proofBy, type KeysById } from '#authn/enrolled-proof.ts'
import { keyFactsOf } from '#authn/key-material.ts'
import { deviceOf } from '#authn/push.ts'
import { shown, type Session } from '#authn/session.ts'
import type { EnrolledAuthenticator } from '#authn/stores.ts'
import { accountPage, type AccountView } from '#server/pages/account.ts'
import type { Markup } from '#server/pages/html.ts'
import { pageHeaders, page } from '#server/pages/layout.ts'
import type { Words } from '#server/pages/words/en.ts'
import { wordsFor } from '#server/pages/words/words.ts'
import { endSessionCookie } from '#server/provider/cookies.ts'
import { signOutOf } from '#server/provider/held-session.ts'
import { browserHandle, formToken, postedForm } from '#server/sign-in/forms.ts'
import { channelsFor } from '#server/sign-in/channels.ts'
import { heldSession } from '#server/sign-in/interaction.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'
import { OWN_RETURN, signInUrl } from '#server/sign-in/step-up.ts'
import { linksOf, upstreamOrigins } from '#server/sign-in/upstream.ts'
import { codesAllowed, PLACE, sessionAfter, type Change } from '#server/sign-in/own-change.ts'
import { ACTS, CHANGES } from '#server/sign-in/own-changes.ts'
import { holdingOf, measureOf } from '#server/sign-in/own-removals.ts'
import { irreplaceable } from '#authn/last-way.ts'

export function ownAccountRoutes(parts: PeopleParts) {
  return async (app: FastifyInstance): Promise<void> => {
    const config = { access: 'own' } as const
    await app.register(formBody, { bodyLimit: 100_000 })
    app.get('/account', { config }, async (request, reply) =>
      show(parts, request, reply, (await heldSession(parts, request))?.session ?? null, null),
    )
    // the code in the address is nobody's: what counts is the session that the sign-in left
    app.get(OWN_RETURN, { config }, async (_request, reply) => reply.redirect('/account', 303))
    app.post('/account/sign-out', { config }, async (request, reply) => {
      postedForm(request, { keyring: parts.tools.keyring, place: PLACE, origin: parts.origin })
      await signOutOf(parts.tools, request.headers.cookie)
      const words = wordsFor(request.headers['accept-language'])
      reply.header('set-cookie', endSessionCookie())
      return draw(parts, reply, words, words.signedOut, { markup: '' })
    })
    for (const [name, change] of Object.entries({ ...CHANGES, ...ACTS })) {
      app.post(`/account/${name}`, { config }, async (request, reply) => {
        const { keyring } = parts.tools
        const { fields, browser } = postedForm(request, { keyring, place: PLACE, origin: parts.origin })
        const held = await heldSession(parts, request)
        if (held === null) return toSignIn(parts, request, reply, null)
        const { account } = held.session
        const enrolled = await parts.tools.authenticators.listOf(account)
        const channels = parts.channelsOf(account)
        const codes = codesAllowed(parts, account) ? 'allowed' : 'refused'
        const identifiers = await parts.identifiers.listOf(account)
        const mine = askedOf({ enrolled, identifiers }, { factors: parts.factors, codes, channels })
        const leave = leaveForChanges(held.session, mine, parts.worths(), channels, parts.tools.clock())
        if (name in CHANGES && !leave.granted) return toSignIn(parts, request, reply, leave)
        const attempt: Attempt = {
          account,
          purpose: 'enrol',
          browser,
          binding: '',
          access: null,
          session: held.session.id,
        }
        const words = wordsFor(request.headers['accept-language'])
        const it: Change = { request, reply, fields, words, held, account, enrolled, leave, attempt }
        const done = await change(parts, it)
        if ('json' in done) return reply.send(done.json)
        if ('location' in done) return reply.redirect(done.location, 303)
        if ('page' in done) return draw(parts, reply, words, ...done.page)
        const after = await sessionAfter(parts, it)
        // what another change did at that moment is in force, and this one is not
        return show(
          parts,
          request,
          reply,
          after?.session ?? null,
          after?.isOwn === false ? { said: words.meanwhile, good: false } : done,
        )
      })
    }
  }
}

/** Sends a person to prove more; a script is told so instead. */
function toSignIn(
  parts: PeopleParts,
  request: FastifyRequest,
  reply: FastifyReply,
  need: ChangeLeave | null,
): FastifyReply {
  const url = signInUrl(parts.origin, need)
  return request.headers.accept === 'application/json'
    ? reply.code(401).send({ signIn: url })
    : reply.redirect(url, 303)
}

async function draw(
  parts: PeopleParts,
  reply: FastifyReply,
  words: Words,
  title: string,
  body: Markup,
): Promise<FastifyReply> {
  const { brand, origin } = parts
  return reply
    .headers(pageHeaders([origin, ...(await upstreamOrigins(parts))]))
    .send(page({ words, title, body, script: true, brand }))
}

async function show(
  parts: PeopleParts,
  request: FastifyRequest,
  reply: FastifyReply,
  held: Session | null,
  said: { readonly said: string; readonly good: boolean } | null,
): Promise<FastifyReply> {
  const browser = browserHandle(request, reply)
  if (held === null) return toSignIn(parts, request, reply, null)
  const { tools, factors } = parts
  const { account } = held
  const words = wordsFor(request.headers['accept-language'])
  const belongings = await parts.belongings.of(account)
  const { enrolled } = belongings
  const keys = await keyFactsOf(tools, parts.passkeys.models, enrolled)
  const view: AccountView = {
    words,
    token: formToken(tools.keyring, PLACE, browser),
    name: account,
    message: said?.said ?? null,
    good: said?.good ?? false,
    enrolled,
    keys,
    sessions: await tools.sessions.listOf(account, tools.clock()),
    current: held.id,
    standing: standingOf(parts, account, enrolled, keys),
    irreplaceable: irreplaceable(holdingOf(parts, belongings, keys), measureOf(parts, account)),
    can: {
      passkey: factors.includes('passkey'),
      totp: factors.includes('totp') && codesAllowed(parts, account),
      recovery_code: factors.includes('recovery_code') && codesAllowed(parts, account),
      password: factors.includes('password'),
      phone: factors.includes('sms_code') && codesAllowed(parts, account),
      app: factors.includes('push') && codesAllowed(parts, account) && deviceOf(enrolled) === null,
    },
    leastPassword: tools.rules.passwords.minLength,
    phones: (await channelsFor(parts, account, 'sms_code')).map(({ canonical }) => canonical),
    links: linksOf(parts, belongings.identifiers).map(({ link, provider }) => {
      const [issuer = '', ...who] = link.shown.split(' ')
      return { canonical: link.canonical, name: provider?.name ?? issuer, who: who.join(' ') }
    }),
    linkable: parts.upstreams.list,
  }
  return draw(parts, reply, words, words.account, accountPage(view))
}

/** What the analysis says of the account, beside what is enrolled here. */
function standingOf(
  parts: PeopleParts,
  account: string,
  enrolled: readonly EnrolledAuthenticator[],
  keys: KeysById,
): AccountView['standing'] {
  const floor = parts.floorOf(account)
  if (floor === null) return null
  const active = enrolled.filter(
    ({ state, kind }) => state === 'active' && kind !== 'enrolment_pass' && kind !== 'recovery_code',
  )
  const { strength } = shown(
    active.map((it) => proofBy(it, keys, 'sign_in', 0)),
    parts.worths(),
  )
  return { required: floor.strength, best: strength, weakest: parts.weakestOf(account) }
}
