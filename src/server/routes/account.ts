/**
 * What somebody can see and change of their own account. Everything that changes how one signs in needs a proof as strong as the
 * strongest that is enrolled, not older than five minutes; every change is told to every address, and ends all other sessions.
 */
import formBody from '@fastify/formbody'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { confirmOtp, enrolOtp } from '#authn/app-code.ts'
import type { Attempt } from '#authn/ceremony.ts'
import { endOtherSessions, leaveForChanges, type ChangeLeave } from '#authn/changes.ts'
import { proofBy } from '#authn/enrolled-proof.ts'
import { beginRegistration, canonicalName, finishRegistration, keyFactsOf } from '#authn/passkeys.ts'
import { passwordProblem, setPassword } from '#authn/passwords.ts'
import { confirmDevice, deviceOf, isDevice } from '#authn/push.ts'
import { replaceRecoveryCodes } from '#authn/recovery-codes.ts'
import { shown } from '#authn/session.ts'
import type { PendingPush } from '#authn/sign-in.ts'
import type { EnrolledAuthenticator } from '#authn/stores.ts'
import { newSecret } from '#lib/ids.ts'
import {
  accountPage,
  appPage,
  phonePage,
  recoveryCodesPage,
  totpPage,
  type AccountView,
} from '#server/pages/account.ts'
import type { Markup } from '#server/pages/html.ts'
import { pageHeaders, page } from '#server/pages/layout.ts'
import { masked } from '#server/pages/sign-in.ts'
import type { Words } from '#server/pages/words/en.ts'
import { wordsFor } from '#server/pages/words/words.ts'
import { endSessionCookie, hashOf, sessionCookie } from '#server/provider/cookies.ts'
import { browserHandle, formToken, parsedField, postedForm, type Fields } from '#server/sign-in/forms.ts'
import { askApp, numberOf, pushTools } from '#server/sign-in/app-push.ts'
import { channelsFor } from '#server/sign-in/channels.ts'
import { heldSession } from '#server/sign-in/interaction.ts'
import { beginPhone, confirmPhone } from '#server/sign-in/own-phone.ts'
import { beginLink, confirmLink } from '#server/sign-in/own-upstreams.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'
import { OWN_RETURN, signInUrl } from '#server/sign-in/step-up.ts'
import { linksOf, upstreamOrigins } from '#server/sign-in/upstream.ts'

/** The forms of these pages, as a place for their tokens. */
const PLACE = 'account'

interface Change {
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
type Done =
  | { readonly page: readonly [title: string, body: Markup] }
  | { readonly said: string; readonly good: boolean }
  | { readonly json: unknown }
  | { readonly location: string }

/** Changes to how one signs in. */
const CHANGES: Readonly<Record<string, (parts: PeopleParts, it: Change) => Promise<Done>>> = {
  'passkey-options': beginPasskey,
  passkey: addPasskey,
  totp: beginTotp,
  'totp-confirm': confirmTotp,
  'recovery-codes': newRecoveryCodes,
  password: newPassword,
  phone: addPhone,
  'phone-confirm': phoneConfirmed,
  'remove-phone': removePhone,
  app: beginApp,
  'app-confirm': confirmApp,
  link: linkElsewhere,
  'link-confirm': linkConfirmed,
  unlink,
  rename,
  remove,
}

/** What anybody signed in may do. */
const ACTS: Readonly<Record<string, (parts: PeopleParts, it: Change) => Promise<Done>>> = {
  'end-session': endSession,
  'end-others': endOthers,
}

export function ownAccountRoutes(parts: PeopleParts) {
  return async (app: FastifyInstance): Promise<void> => {
    const config = { access: 'own' } as const
    await app.register(formBody, { bodyLimit: 100_000 })
    app.get('/account', { config }, async (request, reply) => show(parts, request, reply, null))
    // the code in the address is nobody's: what counts is the session that the sign-in left
    app.get(OWN_RETURN, { config }, async (_request, reply) => reply.redirect('/account', 303))
    app.post('/account/sign-out', { config }, async (request, reply) => {
      const { keyring, sessions, clock } = parts.tools
      postedForm(request, { keyring, place: PLACE, origin: parts.origin })
      const held = await heldSession(parts, request)
      if (held !== null) await sessions.end(held.session.id, 'signed_out', clock())
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
        const leave = leaveForChanges(
          held.session,
          enrolled,
          parts.worths(),
          parts.channelsOf(account),
          parts.tools.clock(),
        )
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
        const done = await change(parts, { request, reply, fields, words, held, account, enrolled, leave, attempt })
        if ('json' in done) return reply.send(done.json)
        if ('location' in done) return reply.redirect(done.location, 303)
        return 'page' in done ? await draw(parts, reply, words, ...done.page) : show(parts, request, reply, done)
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
  said: { readonly said: string; readonly good: boolean } | null,
): Promise<FastifyReply> {
  const browser = browserHandle(request, reply)
  const held = renewed.get(reply) ?? (await heldSession(parts, request))?.session ?? null
  if (held === null) return toSignIn(parts, request, reply, null)
  const { tools, factors } = parts
  const { account } = held
  const words = wordsFor(request.headers['accept-language'])
  const enrolled = await tools.authenticators.listOf(account)
  const view: AccountView = {
    words,
    token: formToken(tools.keyring, PLACE, browser),
    name: account,
    message: said?.said ?? null,
    good: said?.good ?? false,
    enrolled,
    sessions: await tools.sessions.listOf(account, tools.clock()),
    current: held.id,
    standing: await standingOf(parts, account, enrolled),
    can: {
      passkey: factors.includes('passkey'),
      totp: factors.includes('totp') && codesAllowed(parts, account),
      recovery_code: factors.includes('recovery_code') && codesAllowed(parts, account),
      password: factors.includes('password'),
      phone: factors.includes('sms_code') && codesAllowed(parts, account),
      app: factors.includes('push') && codesAllowed(parts, account) && deviceOf(enrolled) === null,
    },
    phones: (await channelsFor(parts, account, 'sms_code')).map(({ canonical }) => canonical),
    links: linksOf(parts, await parts.identifiers.listOf(account)).map(({ link, provider }) => {
      const [issuer = '', ...who] = link.shown.split(' ')
      return { canonical: link.canonical, name: provider?.name ?? issuer, who: who.join(' ') }
    }),
    linkable: parts.upstreams.list,
  }
  return draw(parts, reply, words, words.account, accountPage(view))
}

/** An account whose reach forbids codes is offered none: it could not use them. */
const codesAllowed = (parts: PeopleParts, account: string): boolean => parts.floorOf(account)?.codes === 'allowed'

/** What the analysis says of the account, beside what is enrolled here. */
async function standingOf(
  parts: PeopleParts,
  account: string,
  enrolled: readonly EnrolledAuthenticator[],
): Promise<AccountView['standing']> {
  const floor = parts.floorOf(account)
  if (floor === null) return null
  const active = enrolled.filter(
    ({ state, kind }) => state === 'active' && kind !== 'enrolment_pass' && kind !== 'recovery_code',
  )
  const keys = await keyFactsOf(parts.tools, active)
  const { strength } = shown(
    active.map((it) => proofBy(it, keys, 'sign_in', 0)),
    parts.worths(),
  )
  return { required: floor.strength, best: strength, weakest: parts.weakestOf(account) }
}

/** The session that a change left, for the page that is drawn in the same answer. */
const renewed = new WeakMap<FastifyReply, Awaited<ReturnType<typeof endOtherSessions>>>()

async function changed(
  parts: PeopleParts,
  { reply, held, account, words }: Change,
  template: string,
  name: string,
  also: readonly { readonly channel: 'sms'; readonly to: string }[] = [],
): Promise<Done> {
  const token = newSecret()
  renewed.set(reply, await endOtherSessions(parts.tools, held.session, hashOf(token), template))
  reply.header('set-cookie', sessionCookie(token))
  await parts.tools.notify(account, { template, values: { name }, also })
  return { said: words.changed, good: true }
}

async function beginPasskey(parts: PeopleParts, { attempt, account }: Change): Promise<Done> {
  return {
    json: await beginRegistration(parts.tools, parts.passkeys, { ...attempt, displayName: account, attest: true }),
  }
}

async function addPasskey(parts: PeopleParts, it: Change): Promise<Done> {
  const { fields, attempt, leave, words } = it
  const outcome = await finishRegistration(parts.tools, parts.passkeys, {
    ...attempt,
    challenge: fields['challenge'] ?? '',
    response: parsedField(fields['response']),
    name: fields['name'],
    boundAtAal: leave.aal,
  })
  return outcome.accepted
    ? changed(parts, it, 'authenticator_added', canonicalName(fields['name']))
    : { said: words.passkeyFailed, good: false }
}

async function beginTotp(parts: PeopleParts, { account, leave, words, request, reply }: Change): Promise<Done> {
  if (!codesAllowed(parts, account)) return { said: words.codesNotEnough, good: false }
  const enrolment = await enrolOtp(parts.tools, {
    account,
    label: account,
    issuer: parts.brand,
    name: words.kinds.totp,
    boundAtAal: leave.aal,
  })
  const token = formToken(parts.tools.keyring, PLACE, browserHandle(request, reply))
  return { page: [words.addTotp, totpPage(words, token, enrolment, null)] }
}

async function confirmTotp(parts: PeopleParts, it: Change): Promise<Done> {
  const { fields, attempt, words } = it
  const outcome = await confirmOtp(parts.tools, { ...attempt, id: fields['id'] ?? '', typed: fields['code'] })
  return outcome.accepted
    ? changed(parts, it, 'authenticator_added', words.kinds.totp)
    : { said: words.refused, good: false }
}

async function newRecoveryCodes(parts: PeopleParts, it: Change): Promise<Done> {
  if (!codesAllowed(parts, it.account)) return { said: it.words.codesNotEnough, good: false }
  const codes = await replaceRecoveryCodes(parts.tools, it.account, it.leave.aal)
  await changed(parts, it, 'recovery_codes_made', '')
  return { page: [it.words.kinds.recovery_code, recoveryCodesPage(it.words, codes)] }
}

async function newPassword(parts: PeopleParts, it: Change): Promise<Done> {
  const { fields, account, leave, words } = it
  if (!parts.factors.includes('password')) return { said: words.refused, good: false }
  const names = (await parts.identifiers.listOf(account)).map(({ canonical }) => canonical.replace(/@.*$/, ''))
  const problem = await passwordProblem(parts.tools, fields['password'], parts.isBreached, [...names, parts.brand])
  if (problem !== null) return { said: words.passwordProblems[problem], good: false }
  await setPassword(parts.tools, account, fields['password']!, leave.aal)
  return changed(parts, it, 'password_changed', '')
}

async function addPhone(parts: PeopleParts, { fields, attempt, words, request, reply }: Change): Promise<Done> {
  if (!parts.factors.includes('sms_code')) return { said: words.refused, good: false }
  const begun = await beginPhone(parts, attempt, fields['phone'], words)
  if (typeof begun === 'string') return { said: begun, good: false }
  const token = formToken(parts.tools.keyring, PLACE, browserHandle(request, reply))
  return { page: [words.addPhone, phonePage(words, token, begun)] }
}

async function phoneConfirmed(parts: PeopleParts, it: Change): Promise<Done> {
  const to = await confirmPhone(parts, it.attempt, it.fields, it.leave.aal)
  return to === null ? { said: it.words.refused, good: false } : changed(parts, it, 'address_added', masked(to))
}

async function removePhone(parts: PeopleParts, it: Change): Promise<Done> {
  const to = it.fields['to'] ?? ''
  const gone = await parts.identifiers.remove('phone', to, it.account)
  if (!gone) return { said: it.words.refused, good: false }
  // whoever still has the number hears that it was taken away
  return changed(parts, it, 'address_removed', masked(to), [{ channel: 'sms', to }])
}

async function linkElsewhere(parts: PeopleParts, { fields, attempt, held, words }: Change): Promise<Done> {
  const provider = parts.upstreams.list.find(({ id }) => id === fields['upstream'])
  if (provider === undefined) return { said: words.refused, good: false }
  const location = await beginLink(parts, provider, { browser: attempt.browser, session: held.session.id })
  return location === null ? { said: words.upstreamUnavailable(provider.name), good: false } : { location }
}

async function linkConfirmed(parts: PeopleParts, it: Change): Promise<Done> {
  const { fields, account, attempt, leave, words } = it
  const asked = { account, browser: attempt.browser, boundAtAal: leave.aal }
  const { outcome, name } = await confirmLink(parts, fields['found'], asked)
  if (outcome === 'linked') return changed(parts, it, 'upstream_linked', name)
  return { said: outcome === 'other' ? words.upstreamOther(name) : words.refused, good: false }
}

async function unlink(parts: PeopleParts, it: Change): Promise<Done> {
  const own = linksOf(parts, await parts.identifiers.listOf(it.account)).find(
    ({ link }) => link.canonical === it.fields['link'],
  )
  const gone = own !== undefined && (await parts.identifiers.remove('upstream', own.link.canonical, it.account))
  if (!gone) return { said: it.words.refused, good: false }
  return changed(parts, it, 'upstream_unlinked', own.provider?.name ?? '')
}

/** The device is asked before it is bound: whoever has it types the number that this page shows. */
async function beginApp(parts: PeopleParts, it: Change): Promise<Done> {
  const { account, enrolled, attempt, request, words } = it
  const device = (it.fields['device'] ?? '').trim()
  if (!parts.factors.includes('push')) return { said: words.refused, good: false }
  if (!codesAllowed(parts, account)) return { said: words.codesNotEnough, good: false }
  if (deviceOf(enrolled) !== null) return { said: words.appDeviceThere, good: false }
  if (!isDevice(device)) return { said: words.appDeviceWrong, good: false }
  const asked = { ...attempt, device, authenticator: null, client: words.addApp }
  const pending = await askApp(parts, request, words, asked)
  return typeof pending === 'string' ? { said: pending, good: false } : appAsked(parts, it, pending, null)
}

async function appAsked(
  parts: PeopleParts,
  { words, request, reply }: Change,
  pending: Omit<PendingPush, 'factor'>,
  message: string | null,
): Promise<Done> {
  const token = formToken(parts.tools.keyring, PLACE, browserHandle(request, reply))
  const shows = { number: await numberOf(parts, pending), minutes: parts.tools.rules.pushes.ttl / 60_000 }
  return { page: [words.addApp, appPage(words, token, { ...pending, ...shows }, message)] }
}

async function confirmApp(parts: PeopleParts, it: Change): Promise<Done> {
  const { fields, attempt, leave, words } = it
  const [id, sealed] = [fields['id'] ?? '', fields['sealed'] ?? '']
  const name = words.kinds.push
  const done = await confirmDevice(pushTools(parts), { ...attempt, id, name, boundAtAal: leave.aal })
  if (done === 'bound') return changed(parts, it, 'authenticator_added', name)
  return done === 'waits' ? appAsked(parts, it, { id, sealed }, words.pushWaits) : { said: words.pushOver, good: false }
}

async function rename({ tools }: PeopleParts, { fields, account, words, enrolled }: Change): Promise<Done> {
  const own = enrolled.find(({ id }) => id === fields['id'])
  if (own === undefined) return { said: words.refused, good: false }
  await tools.authenticators.rename(own.id, account, canonicalName(fields['name']))
  return { said: words.renamed, good: true }
}

async function remove(parts: PeopleParts, it: Change): Promise<Done> {
  const { fields, account, words, enrolled } = it
  const own = enrolled.find(({ id }) => id === fields['id'])
  const gone =
    own !== undefined &&
    (await parts.tools.authenticators.setState(own.id, account, ['active', 'suspended', 'pending'], 'removed'))
  return gone ? changed(parts, it, 'authenticator_removed', own.name) : { said: words.refused, good: false }
}

async function endSession({ tools }: PeopleParts, { fields, account, words }: Change): Promise<Done> {
  const own = (await tools.sessions.listOf(account, tools.clock())).some(({ id }) => id === fields['session'])
  if (own) await tools.sessions.end(fields['session']!, 'ended_by_owner', tools.clock())
  return { said: own ? words.ended : words.refused, good: own }
}

async function endOthers(parts: PeopleParts, it: Change): Promise<Done> {
  const token = newSecret()
  renewed.set(it.reply, await endOtherSessions(parts.tools, it.held.session, hashOf(token), 'ended_by_owner'))
  it.reply.header('set-cookie', sessionCookie(token))
  return { said: it.words.ended, good: true }
}
