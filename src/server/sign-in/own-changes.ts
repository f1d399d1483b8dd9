/** What somebody can change at the page of the own account: one posted form each. */
import { confirmOtp, enrolOtp, pendingOtp } from '#authn/app-code.ts'
import { beginRegistration, canonicalName, finishRegistration } from '#authn/passkeys.ts'
import { passwordProblem, setPassword } from '#authn/passwords.ts'
import { confirmDevice, deviceOf, isDevice } from '#authn/push.ts'
import { replaceRecoveryCodes } from '#authn/recovery-codes.ts'
import type { PendingPush } from '#authn/sign-in.ts'
import { appPage, phonePage, recoveryCodesPage, totpPage } from '#server/pages/enrolment.ts'
import { masked } from '#server/pages/sign-in.ts'
import { browserHandle, formToken, parsedField } from '#server/sign-in/forms.ts'
import { askApp, numberOf, pushTools } from '#server/sign-in/app-push.ts'
import { beginPhone, confirmPhone } from '#server/sign-in/own-phone.ts'
import { beginLink, confirmLink } from '#server/sign-in/own-upstreams.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'
import { changed, codesAllowed, PLACE, renew, type Change, type Done } from './own-change.ts'
import { removeAuthenticator, removePhone, unlink } from './own-removals.ts'

/** Changes to how one signs in. */
export const CHANGES: Readonly<Record<string, (parts: PeopleParts, it: Change) => Promise<Done>>> = {
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
  remove: removeAuthenticator,
}

/** What anybody signed in may do. */
export const ACTS: Readonly<Record<string, (parts: PeopleParts, it: Change) => Promise<Done>>> = {
  'end-session': endSession,
  'end-others': endOthers,
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
    ? changed(parts, it, 'authenticator_added', canonicalName(fields['name']), { kind: 'passkey' })
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
  const { fields, attempt, words, account, request, reply } = it
  const id = fields['id'] ?? ''
  const outcome = await confirmOtp(parts.tools, { ...attempt, id, typed: fields['code'] })
  if (outcome.accepted) return changed(parts, it, 'authenticator_added', words.kinds.totp, { kind: 'totp' })
  // one wrong digit is no reason to begin anew
  const pending = await pendingOtp(parts.tools, { account, id, label: account, issuer: parts.brand })
  if (pending === null) return { said: words.refused, good: false }
  const token = formToken(parts.tools.keyring, PLACE, browserHandle(request, reply))
  return { page: [words.addTotp, totpPage(words, token, pending, words.refused)] }
}

/** What is enrolled is worth no more than the session that enrols it, and there only while that is alive. */
const inSession = ({ account, leave, held }: Change) => ({
  account,
  boundAtAal: leave.aal,
  session: held.session.id,
})

async function newRecoveryCodes(parts: PeopleParts, it: Change): Promise<Done> {
  if (!codesAllowed(parts, it.account)) return { said: it.words.codesNotEnough, good: false }
  const codes = await replaceRecoveryCodes(parts.tools, inSession(it))
  if (codes.length === 0) return { said: it.words.refused, good: false }
  await changed(parts, it, 'recovery_codes_made', '')
  return { page: [it.words.kinds.recovery_code, recoveryCodesPage(it.words, codes)] }
}

async function newPassword(parts: PeopleParts, it: Change): Promise<Done> {
  const { fields, account, words } = it
  if (!parts.factors.includes('password')) return { said: words.refused, good: false }
  const names = (await parts.identifiers.listOf(account)).map(({ canonical }) => canonical.replace(/@.*$/, ''))
  const problem = await passwordProblem(parts.tools, fields['password'], parts.isBreached, [...names, parts.brand])
  if (problem !== null) return { said: words.passwordProblems[problem], good: false }
  if (!(await setPassword(parts.tools, { ...inSession(it), typed: fields['password']! })))
    return { said: words.refused, good: false }
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

async function linkElsewhere(parts: PeopleParts, { fields, attempt, held, words }: Change): Promise<Done> {
  const provider = parts.upstreams.list.find(({ id }) => id === fields['upstream'])
  if (provider === undefined) return { said: words.refused, good: false }
  const location = await beginLink(parts, provider, attempt.browser, { to: 'link', session: held.session.id })
  return location === null ? { said: words.upstreamUnavailable(provider.name), good: false } : { location }
}

async function linkConfirmed(parts: PeopleParts, it: Change): Promise<Done> {
  const { fields, account, attempt, leave, words } = it
  const asked = { account, browser: attempt.browser, boundAtAal: leave.aal, session: attempt.session }
  const { outcome, name } = await confirmLink(parts, fields['found'], asked)
  if (outcome === 'linked') return changed(parts, it, 'upstream_linked', name)
  const said = { own: words.upstreamOwn(name), other: words.upstreamOther(name), refused: words.refused }
  return { said: said[outcome], good: false }
}

/** The device is asked before it is bound: whoever has it types the number that this page shows. */
async function beginApp(parts: PeopleParts, it: Change): Promise<Done> {
  const { account, enrolled, attempt, request, words } = it
  const device = (it.fields['device'] ?? '').trim()
  if (!parts.factors.includes('push')) return { said: words.refused, good: false }
  if (!codesAllowed(parts, account)) return { said: words.codesNotEnough, good: false }
  if (deviceOf(enrolled) !== null) return { said: words.appDeviceThere, good: false }
  if (!isDevice(device)) return { said: words.appDeviceWrong, good: false }
  const asked = { ...attempt, device, authenticator: null, client: null }
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
  if (done === 'bound') return changed(parts, it, 'authenticator_added', name, { kind: 'push' })
  return done === 'waits' ? appAsked(parts, it, { id, sealed }, words.pushWaits) : { said: words.pushOver, good: false }
}

async function rename({ tools }: PeopleParts, { fields, account, words, held }: Change): Promise<Done> {
  const name = canonicalName(fields['name'])
  const done = await tools.authenticators.rename(fields['id'] ?? '', account, name, held.session.id)
  return { said: done ? words.renamed : words.refused, good: done }
}

async function endSession({ tools }: PeopleParts, { fields, account, words }: Change): Promise<Done> {
  const own = (await tools.sessions.listOf(account, tools.clock())).some(({ id }) => id === fields['session'])
  if (own) await tools.sessions.end(fields['session']!, 'ended_by_owner', tools.clock())
  return { said: own ? words.ended : words.refused, good: own }
}

async function endOthers(parts: PeopleParts, it: Change): Promise<Done> {
  await renew(parts, it, 'ended_by_owner')
  return { said: it.words.ended, good: true }
}
