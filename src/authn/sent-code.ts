/** Codes by mail and SMS. */
import { randomInt } from 'node:crypto'
import { newId, newSecret } from '#lib/ids.ts'
import { nobodys } from './identifiers.ts'
import { attempt, canonicalCode, type Attempt, type Outcome, type Tools } from './ceremony.ts'
import type { CeremonyPurpose, FactorName } from './factors.ts'
import { FACTORS } from './factors.ts'
import type { Proof } from './session.ts'
import type { Identifier } from './stores.ts'
import { phoneProblem } from './phone-numbers.ts'
import { limitsFor, looksPumped, prefixOf } from './send-limits.ts'

export type SentFactor = 'email_code' | 'sms_code'

export interface CodeRequest {
  readonly factor: SentFactor
  /** null where no account was found: everything then happens as if there were one, but nothing is sent */
  readonly account: string | null
  /** canonical address or number, of a channel that the account has proved */
  readonly to: string
  readonly purpose: Attempt['purpose']
  readonly browser: string
  readonly binding: string
  readonly access: Attempt['access']
  readonly language: string
  /** application that asks, named in the message, so that whoever reads it knows what the code would allow; null for pages of ours */
  readonly forWhat: string | null
}

export interface CodeBegun {
  /** what the browser sends back with the code; the same for known and unknown accounts */
  readonly challenge: string
  /** resolves, whatever happens, when the code is in the outbox or was refused; whoever answers a stranger does not wait for it */
  readonly sent: Promise<SendOutcome>
}
export type SendOutcome =
  | 'queued'
  | 'no_account'
  | 'not_allowed'
  | 'limited'
  | 'number_changed'
  | 'number_refused'
  | 'account_closed'
  | 'unavailable'

/** A code in the decimal digits that RFC 4226 §5.3 uses; every one as likely as any other, leading zeros among them. */
export const randomCode = (digits: number): string => String(randomInt(10 ** digits)).padStart(digits, '0')

/**
 * Begins a code. Returns at once; what is found out about the account afterwards shows neither in the answer nor in its
 * time. Asking again does not give more guesses: those are counted by account and factor.
 */
export function beginCode(tools: Tools, request: CodeRequest): CodeBegun {
  const challenge = newId('ch')
  const unavailable =
    (what: string) =>
    (error: unknown): SendOutcome => {
      tools.onTrouble(what, error)
      return 'unavailable'
    }
  const sent = sendCode(tools, request, challenge)
    .catch(unavailable('a code could not be sent'))
    // nobody may wait for this, so whatever is wrong with it has to be heard here
    .then((outcome) => recorded(tools, request, outcome))
    .catch(unavailable('what came of a code could not be put on record'))
  return { challenge, sent }
}

async function sendCode(tools: Tools, request: CodeRequest, challenge: string): Promise<SendOutcome> {
  const { account, factor, purpose, browser, binding, to } = request
  const now = tools.clock()
  const code = randomCode(tools.rules.codes.digits)
  const held = account ?? nobodys(tools.keyring, to)
  const { status, epoch } = await tools.accounts.stateOf(held)
  const closed = status === 'disabled' || (status === 'frozen' && purpose !== 'recover')
  const refusal = account === null ? 'no_account' : closed ? 'account_closed' : await refusalOf(tools, request, account)
  // what is not sent has a row like any other, for a code that nobody knows: its answers are refused in the same time
  const secret = refusal === null ? code : newSecret()
  // one that is sent replaces whatever was sent in this browser for the same before
  const begin = refusal === null ? tools.challenges.beginAnew : tools.challenges.begin
  await begin({
    id: challenge,
    account: held,
    factor,
    purpose,
    browser,
    binding,
    epoch,
    mac: tools.keyring.mac('code', purpose, held, challenge, secret),
    checksLeft: tools.rules.codes.checks,
    createdAt: now,
    expiresAt: now + tools.rules.codes.ttl,
  })
  if (refusal !== null) return refusal
  await tools.send({
    id: challenge,
    channel: factor === 'sms_code' ? 'sms' : 'mail',
    to,
    template: 'code',
    values: {
      code,
      forWhat: request.forWhat ?? '',
      purpose,
      minutes: String(Math.floor(tools.rules.codes.ttl / 60_000)),
    },
    language: request.language,
    expiresAt: now + tools.rules.codes.ttl,
  })
  return 'queued'
}

/** Why nothing may be sent; null where it may, which is counted then. */
async function refusalOf(tools: Tools, request: CodeRequest, account: string): Promise<SendOutcome | null> {
  const { factor, purpose, access, to } = request
  const now = tools.clock()
  const leave = await tools.ask({ account, factor, purpose, access, code: FACTORS[factor].code })
  if (!leave.granted) return 'not_allowed'
  const costs = factor === 'sms_code'
  if (costs) {
    if (phoneProblem(to, tools.rules.sends.countries) !== null) return 'number_refused'
    if (looksPumped(tools.rules.sends, await tools.sendLimits.approval(prefixOf(to), now))) return 'limited'
    // a card that changed lately, or of which nobody can say, gets no code (SP 800-63B-4 §3.1.3.3)
    if ((await tools.checkSimChange(to)) !== 'unchanged') return 'number_changed'
  }
  return (await tools.sendLimits.take(limitsFor(tools.rules.sends, account, to, costs), now)) ? null : 'limited'
}

async function recorded(tools: Tools, request: CodeRequest, outcome: SendOutcome): Promise<SendOutcome> {
  await tools.record({
    kind: 'authentication',
    account: request.account ?? '',
    event: 'code_requested',
    factor: request.factor,
    purpose: request.purpose,
    outcome: outcome === 'queued' ? 'begun' : 'refused',
    reason: outcome === 'queued' ? null : outcome,
    session: null,
    at: tools.clock(),
  })
  return outcome
}

/** What a code that came through a channel proves, at most at the level of whoever recorded the channel. */
export const sentProof = (
  factor: FactorName,
  { canonical, boundAtAal }: Pick<Identifier, 'canonical' | 'boundAtAal'>,
  purpose: CeremonyPurpose,
  at: number,
): Proof => ({
  factor,
  authenticator: null,
  channel: canonical,
  purpose,
  binding: '',
  at,
  userVerified: false,
  keyClass: null,
  fips140Level: null,
  boundAtAal,
})

/** Answers a code. The account is the one it was asked for; `it.account` must be the same where it is known. */
export async function answerCode(
  tools: Tools,
  it: Attempt & {
    readonly factor: SentFactor
    readonly challenge: string
    readonly to: string
    /** level of whoever recorded the channel; null where the account has it no more: then no answer is right */
    readonly boundAtAal: number | null
    readonly typed: unknown
  },
): Promise<Outcome> {
  const { account, factor, purpose, browser, binding, challenge, to, boundAtAal } = it
  const code = canonicalCode(it.typed, tools.rules.codes.digits)
  const compared = async () => {
    if (code === null) return false
    const macs = tools.keyring.macs('code', purpose, account, challenge, code)
    const answer = { id: challenge, account, factor, purpose, browser, binding, macs }
    return (await tools.challenges.answer(answer, tools.clock())) === 'accepted'
  }
  const instead = async () => void (await compared())
  const outcome = await attempt(tools, factor, { ...it, instead }, async () =>
    (await compared()) && boundAtAal !== null
      ? sentProof(factor, { canonical: to, boundAtAal }, purpose, tools.clock())
      : null,
  )
  if (outcome.accepted)
    await tools.sendLimits
      .note(prefixOf(to), 'answered', tools.clock())
      .catch((error: unknown) => tools.onTrouble('an answered code could not be counted', error))
  return outcome
}
