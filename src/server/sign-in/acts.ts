/** What can be done at the pages of sign-in, step-up and consent: one posted step each. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { answerOtp } from '#authn/app-code.ts'
import type { Attempt, Outcome } from '#authn/ceremony.ts'
import { canonical, kindOf, nobodys } from '#authn/identifiers.ts'
import { beginSignIn, finishSignIn } from '#authn/passkeys.ts'
import { collectPush, deviceOf } from '#authn/push.ts'
import { answerPassword } from '#authn/passwords.ts'
import { answerRecoveryCode } from '#authn/recovery-codes.ts'
import { answerCode, beginCode } from '#authn/sent-code.ts'
import type { SignIn } from '#authn/sign-in.ts'
import { AmbitError } from '#lib/errors.ts'

import type { Words } from '#server/pages/words/en.ts'
import { parsedField, type Fields } from '#server/sign-in/forms.ts'
import { heldSession, noteFailure, type Interaction } from '#server/sign-in/interaction.ts'
import { askApp, pushTools } from '#server/sign-in/app-push.ts'
import { channelsFor, levelOf, unsentSentence } from '#server/sign-in/channels.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'
import { errandFor, sendUpstream, strengthAsked } from '#server/sign-in/upstream.ts'

/** Everything about one posted step. */
export interface Step {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly fields: Fields
  readonly browser: string
  readonly interaction: Interaction
  readonly signIn: SignIn
  readonly held: Awaited<ReturnType<typeof heldSession>>
  readonly words: Words
}

/** Said by a step that has answered by itself. */
export const ANSWERED = Symbol('answered')

/** What a step does; null to show the page of where things stand now, a sentence to show it with. */
type Act = (parts: PeopleParts, step: Step) => Promise<string | null | typeof ANSWERED>

export const ACTS: Readonly<Record<string, Act>> = {
  identify,
  restart,
  back: (parts, step) => changed(parts, { ...step.signIn, pending: null }),
  password: (parts, step) =>
    proved(parts, step, (attempt) => answerPassword(parts.tools, { ...attempt, typed: step.fields['password'] })),
  totp: (parts, step) => otp(parts, step, 'totp'),
  hotp: (parts, step) => otp(parts, step, 'hotp'),
  'recovery-code': (parts, step) =>
    proved(parts, step, (it) => answerRecoveryCode(parts.tools, { ...it, typed: step.fields['code'] })),
  send,
  answer,
  push,
  'push-done': pushDone,
  'passkey-options': passkeyOptions,
  passkey,
  upstream,
  consent,
  abort,
}

async function changed({ signIns }: PeopleParts, it: SignIn): Promise<null> {
  if (await signIns.change(it)) return null
  throw new AmbitError('conflict', 'this sign-in went on in another tab; load the page anew')
}

/** Notes what was typed, and nothing else: whether somebody has that name shows nowhere. */
async function identify(parts: PeopleParts, { fields, signIn, words }: Step): Promise<string | null> {
  const typed = fields['identifier'] ?? ''
  const kind = kindOf(typed)
  const name = canonical(kind, typed)
  if (name === null) return words.refused
  const found = await parts.identifiers.find(kind, name)
  return changed(parts, { ...signIn, account: found?.account ?? null, typed: name, proofs: [], pending: null })
}

export async function restart(parts: PeopleParts, { signIn, held }: Step): Promise<null> {
  if (held !== null) await parts.tools.sessions.end(held.session.id, 'another_account', parts.tools.clock())
  return changed(parts, { ...signIn, account: null, typed: null, proofs: [], pending: null })
}

/** Who is trying: the one recognised, or the name nobody has, which fails like any other. */
function attemptOf(parts: PeopleParts, { signIn, held, browser, interaction }: Step): Attempt {
  const account =
    signIn.account ??
    (signIn.typed === null ? held?.session.account : undefined) ??
    nobodys(parts.tools.keyring, signIn.typed ?? '')
  const isStepUp = held?.session.account === account
  return {
    account,
    purpose: isStepUp ? 'step_up' : 'sign_in',
    browser,
    binding: '',
    access: interaction.access,
    session: isStepUp ? held.session.id : null,
  }
}

async function proved(
  parts: PeopleParts,
  step: Step,
  check: (attempt: Attempt) => Promise<Outcome>,
): Promise<string | null> {
  const attempt = attemptOf(parts, step)
  return noted(parts, step, attempt.account, await check(attempt))
}

/** A code of an app or token is only ever asked of somebody who has shown something: a stranger can't use up its guesses. */
async function otp(parts: PeopleParts, step: Step, factor: 'totp' | 'hotp'): Promise<string | null> {
  if (step.signIn.proofs.length === 0 && attemptOf(parts, step).purpose !== 'step_up') return step.words.refused
  return proved(parts, step, (it) => answerOtp(parts.tools, { ...it, factor, typed: step.fields['code'] }))
}

async function noted(
  parts: PeopleParts,
  { signIn, words, request }: Step,
  account: string,
  outcome: Outcome,
): Promise<string | null> {
  if (!outcome.accepted) {
    await noteFailure(parts, request, account)
    return words.refused
  }
  const { proof, epoch } = outcome
  const before = signIn.epoch === epoch ? signIn.proofs : []
  return changed(parts, { ...signIn, account, proofs: [...before, proof], epoch, pending: null })
}

async function send(parts: PeopleParts, step: Step): Promise<string | null> {
  const { fields, signIn, interaction, words } = step
  const factor = fields['factor']
  if (factor !== 'email_code' && factor !== 'sms_code') return words.refused
  if (!parts.factors.includes(factor)) return words.refused
  const attempt = attemptOf(parts, step)
  const own = await channelsFor(parts, attempt.account, factor)
  // a stranger is only ever sent a code to the address that he typed himself; a recognised person chooses among his own
  const isRecognised = signIn.proofs.length > 0 || attempt.purpose === 'step_up'
  const chosen = isRecognised
    ? (own[Number(fields['to'] ?? 0)] ?? own[0])
    : own.find(({ canonical: name }) => name === signIn.typed)
  const to = chosen?.canonical ?? signIn.typed ?? ''
  const begun = beginCode(parts.tools, {
    factor,
    account: chosen === undefined ? null : attempt.account,
    to,
    purpose: attempt.purpose,
    browser: attempt.browser,
    binding: attempt.binding,
    access: attempt.access,
    language: words.lang,
    forWhat: interaction.client,
  })
  // what came of a stranger's is in the audit or the log; waiting for it would tell
  const unsent = isRecognised ? unsentSentence(await begun.sent, words) : null
  if (unsent !== null) return unsent
  return changed(parts, { ...signIn, pending: { factor, challenge: begun.challenge, to } })
}

async function answer(parts: PeopleParts, step: Step): Promise<string | null> {
  const { pending } = step.signIn
  if (pending === null || pending.factor === 'push') return step.words.refused
  return proved(parts, step, async (attempt) => {
    const boundAtAal = await levelOf(parts, attempt.account, pending)
    return answerCode(parts.tools, { ...attempt, ...pending, boundAtAal, typed: step.fields['code'] })
  })
}

/** Like a code of an app, only for somebody who has shown something: a stranger makes nobody's telephone ring. */
async function push(parts: PeopleParts, step: Step): Promise<string | null> {
  const { request, signIn, interaction, words } = step
  const attempt = attemptOf(parts, step)
  if (!parts.factors.includes('push') || (signIn.proofs.length === 0 && attempt.purpose !== 'step_up'))
    return words.refused
  const own = deviceOf(await parts.tools.authenticators.listOf(attempt.account))
  if (own === null) return words.refused
  const asked = { ...attempt, device: own.device, authenticator: own.id, client: interaction.client }
  const pending = await askApp(parts, request, words, asked)
  return typeof pending === 'string' ? pending : changed(parts, { ...signIn, pending })
}

/**
 * Goes on with what was answered in the app. A button, since a page that loads itself again takes the place of whoever reads it with a
 * screen reader (WCAG 2.2 §2.2.1, failure F41).
 */
async function pushDone(parts: PeopleParts, step: Step): Promise<string | null> {
  const { signIn, words } = step
  const { pending } = signIn
  if (pending?.factor !== 'push') return words.refused
  const attempt = attemptOf(parts, step)
  const collected = await collectPush(pushTools(parts), { ...attempt, id: pending.id })
  if (collected.accepted) return noted(parts, step, attempt.account, collected)
  if (collected.waits) return words.pushWaits
  await noteFailure(parts, step.request, attempt.account)
  await changed(parts, { ...signIn, pending: null })
  return words.pushOver
}

async function passkeyOptions(parts: PeopleParts, step: Step): Promise<typeof ANSWERED> {
  const attempt = attemptOf(parts, step)
  const account = attempt.purpose === 'step_up' ? attempt.account : null
  const begun = await beginSignIn(parts.tools, parts.passkeys, { ...attempt, account })
  await step.reply.send(begun)
  return ANSWERED
}

async function passkey(parts: PeopleParts, step: Step): Promise<string | null> {
  const { fields, words, signIn } = step
  const attempt = attemptOf(parts, step)
  const account = attempt.purpose === 'step_up' ? attempt.account : null
  const result = await finishSignIn(parts.tools, parts.passkeys, {
    ...attempt,
    account,
    challenge: fields['challenge'] ?? '',
    response: parsedField(fields['response']),
  })
  if (result === null) return words.refused
  // proofs of one person are never added to those of another
  if (signIn.proofs.length > 0 && signIn.account !== result.account) return words.refused
  return noted(parts, step, result.account, result.outcome)
}

/** Sends somebody to another provider, asked for what this sign-in needs. */
async function upstream(parts: PeopleParts, step: Step): Promise<string | null | typeof ANSWERED> {
  const { fields, interaction, browser, signIn, held, reply, words } = step
  const provider = parts.upstreams.list.find(({ id }) => id === fields['upstream'])
  if (provider === undefined) return words.refused
  const account = signIn.account ?? (signIn.typed === null ? (held?.session.account ?? null) : null)
  const anew = isAskedAnew(interaction)
  const location = await sendUpstream(parts, provider, {
    browser,
    errand: errandFor(
      { to: 'sign_in', uid: interaction.uid, access: interaction.access },
      { maxAge: interaction.asked.maxAge, anew, now: parts.tools.clock() },
    ),
    // what an account reaches is told to nobody who has not shown that it is theirs
    strength: strengthAsked(
      account !== null && (signIn.proofs.length > 0 || held?.session.account === account)
        ? ((await parts.demandOf(account, interaction.access))?.strength ?? null)
        : null,
      interaction.asked.acceptable,
    ),
    anew,
  })
  if (location === null) return words.upstreamUnavailable(provider.name)
  reply.redirect(location, 303)
  return ANSWERED
}

/** An application that asks for a sign-in is not served with what was shown before it asked. */
export const isAskedAnew = ({ reasons, isOwn }: Interaction): boolean => reasons.includes('login_prompt') && !isOwn

async function consent(parts: PeopleParts, { request, reply, interaction, held }: Step): Promise<typeof ANSWERED> {
  const { provider } = parts
  const { accountId, grantId, params, scopes } = interaction
  if (accountId === undefined || held?.session.account !== accountId) {
    throw new AmbitError(
      'forbidden',
      'nobody is signed in who could agree to this; go back to the application and begin again',
    )
  }
  const grant =
    (grantId === undefined ? undefined : await provider.Grant.find(grantId)) ??
    new provider.Grant({ accountId, clientId: String(params['client_id']) })
  const details = await provider.interactionDetails(request.raw, reply.raw)
  const missing = details.prompt.details as {
    readonly missingOIDCScope?: readonly string[]
    readonly missingOIDCClaims?: readonly string[]
    readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>
  }
  grant.addOIDCScope((missing.missingOIDCScope ?? scopes).join(' '))
  if (missing.missingOIDCClaims !== undefined) grant.addOIDCClaims([...missing.missingOIDCClaims])
  for (const [resource, names] of Object.entries(missing.missingResourceScopes ?? {}))
    grant.addResourceScope(resource, names.join(' '))
  const result = { consent: { grantId: await grant.save() } }
  reply.redirect(
    await provider.interactionResult(request.raw, reply.raw, result, { mergeWithLastSubmission: true }),
    303,
  )
  return ANSWERED
}

async function abort(parts: PeopleParts, { request, reply, interaction, signIn }: Step): Promise<typeof ANSWERED> {
  await parts.signIns.end(signIn.id)
  const isUnmet = interaction.reasons.includes('acr_unmet')
  const result = isUnmet
    ? { error: 'unmet_authentication_requirements', error_description: 'the person did not prove what was asked for' }
    : { error: 'access_denied', error_description: 'the person did not go on' }
  reply.redirect(
    await parts.provider.interactionResult(request.raw, reply.raw, result, { mergeWithLastSubmission: false }),
    303,
  )
  return ANSWERED
}
