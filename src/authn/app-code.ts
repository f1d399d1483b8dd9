/** Codes of an authenticator app or token: TOTP (RFC 6238) and HOTP (RFC 4226). */
import { generateSecret, generateURI, verifySync } from 'otplib'
import { AmbitError } from '#lib/errors.ts'
import { newId } from '#lib/ids.ts'
import { attempt, canonicalCode, type Attempt, type Outcome, type Tools } from './ceremony.ts'
import type { EnrolledAuthenticator } from './stores.ts'

/** What a code is made from. Sealed in the store, shown at enrolment and never once that is confirmed. */
export interface OtpMaterial {
  /** base32, RFC 4648 §6 */
  readonly secret: string
  readonly algorithm: 'sha1' | 'sha256' | 'sha512'
  readonly digits: 6 | 8
  /** seconds; TOTP only */
  readonly period: number
}

/** Bytes of a new secret: RFC 4226 §4 R6 recommends 160 bits; SP 800-63B-4 §3.1.4.1 asks for 112. */
const SECRET_BYTES = 20
/** Codes that are looked through when a token and the server have drifted apart, two in a row being needed (RFC 4226 §7.4). */
const RESYNC_WINDOW = 50
/** An enrolment that nobody confirms is forgotten after this; until then it neither guards nor opens anything. */
const PENDING_MS = 600_000

export interface OtpEnrolment {
  readonly id: string
  /** for a QR code; holds the secret */
  readonly uri: string
  readonly secret: string
}

/** Begins an enrolment: pending until the first code is shown. The caller has asked for a step-up before. */
export async function enrolOtp(
  tools: Tools,
  it: { account: string; label: string; issuer: string; name: string; boundAtAal: number; strategy?: 'totp' | 'hotp' },
): Promise<OtpEnrolment> {
  const strategy = it.strategy ?? 'totp'
  const id = newId('au')
  const material: OtpMaterial = {
    secret: generateSecret({ length: SECRET_BYTES }),
    algorithm: 'sha1', // what every app understands; HMAC-SHA-1 is not weakened by collisions (RFC 6238 §1.2)
    digits: 6,
    period: 30,
  }
  const now = tools.clock()
  await tools.authenticators.enrol({
    id,
    account: it.account,
    kind: strategy,
    name: it.name,
    state: 'pending',
    channel: null,
    boundAtAal: it.boundAtAal,
    material: await tools.keyring.seal(`authenticator ${id}`, JSON.stringify(material)),
    lookup: null,
    counter: strategy === 'totp' ? 0 : -1,
    addedAt: now,
    expiresAt: null,
    usedAt: null,
  })
  return enrolmentOf({ id, strategy, issuer: it.issuer, label: it.label }, material)
}

/** What is shown of an enrolment until it is confirmed. */
const enrolmentOf = (
  { id, strategy, issuer, label }: { id: string; strategy: 'totp' | 'hotp'; issuer: string; label: string },
  { secret, algorithm, digits, period }: OtpMaterial,
): OtpEnrolment => {
  const common = { strategy, issuer, label, secret, algorithm, digits }
  return { id, secret, uri: generateURI(strategy === 'totp' ? { ...common, period } : { ...common, counter: 0 }) }
}

/** An enrolment that waits for its first code, to be shown to whoever began it once more; null where none does. */
export async function pendingOtp(
  tools: Tools,
  it: { readonly account: string; readonly id: string; readonly label: string; readonly issuer: string },
): Promise<OtpEnrolment | null> {
  const found = (await tools.authenticators.listOf(it.account)).find(({ id }) => id === it.id)
  if (found === undefined || !isPending(tools, found) || (found.kind !== 'totp' && found.kind !== 'hotp')) return null
  return enrolmentOf({ ...it, strategy: found.kind }, await open(tools, found))
}

const isPending = ({ clock }: Tools, { state, addedAt }: EnrolledAuthenticator): boolean =>
  state === 'pending' && clock() - addedAt <= PENDING_MS

/** Confirms an enrolment with its first code, and makes it active; that code is used up. */
export async function confirmOtp(tools: Tools, it: Attempt & { id: string; typed: unknown }): Promise<Outcome> {
  const all = await tools.authenticators.listOf(it.account)
  const pending = all.find(({ id, state }) => id === it.id && state === 'pending')
  const factor = pending?.kind === 'hotp' ? 'hotp' : 'totp'
  return attempt(tools, factor, it, async () => {
    if (pending === undefined || !isPending(tools, pending)) return null
    const used = await matches(tools, pending, it.typed)
    if (used === null) return null
    if (!(await tools.authenticators.setState(pending.id, it.account, ['pending'], 'active', it.session))) return null
    return (await tools.authenticators.useCounter(pending.id, it.account, used, tools.clock()))
      ? proofOf(pending)
      : null
  })
}

/** Checks a code against every app of the account; each code is good once, and none before one that was used. */
export function answerOtp(tools: Tools, it: Attempt & { factor: 'totp' | 'hotp'; typed: unknown }): Promise<Outcome> {
  return attempted(tools, it, (each) => matches(tools, each, it.typed))
}

/** Two codes in a row bring a token back whose counter has run ahead. */
export function resyncHotp(tools: Tools, it: Attempt & { typed: readonly [unknown, unknown] }): Promise<Outcome> {
  return attempted(tools, { ...it, factor: 'hotp' }, async (each) => {
    const material = await open(tools, each)
    const [first, second] = it.typed.map((typed) => canonicalCode(typed, material.digits))
    if (first == null || second == null) return null
    const at = hotpCounter(material, first, each.counter + 1, RESYNC_WINDOW)
    return at !== null && hotpCounter(material, second, at + 1, 0) === at + 1 ? at + 1 : null
  })
}

/** Uses the first authenticator that matches with what it matches. */
function attempted(
  tools: Tools,
  it: Attempt & { readonly factor: 'totp' | 'hotp' },
  match: (authenticator: EnrolledAuthenticator) => Promise<number | null>,
): Promise<Outcome> {
  // looked up while the guess is counted; `useCounter` holds it to what is so then
  const enrolled = tools.authenticators.listOf(it.account)
  enrolled.catch(() => {}) // heard where it is awaited
  return attempt(tools, it.factor, it, async () => {
    for (const each of await enrolled) {
      if (each.kind !== it.factor || each.state !== 'active') continue
      const used = await match(each)
      if (used !== null && (await tools.authenticators.useCounter(each.id, it.account, used, tools.clock())))
        return proofOf(each)
    }
    return null
  })
}

const proofOf = ({ id, channel, boundAtAal }: EnrolledAuthenticator) => ({
  authenticator: id,
  channel,
  userVerified: false,
  keyClass: null,
  fips140Level: null,
  boundAtAal,
})

const BEHIND = 'the clock is behind the time of a code that was used before; set it right'

/** The step or counter that a code belongs to, above every one used before; null for a wrong one. */
async function matches(tools: Tools, it: EnrolledAuthenticator, typed: unknown): Promise<number | null> {
  const material = await open(tools, it)
  const code = canonicalCode(typed, material.digits)
  if (code === null) return null
  if (it.kind === 'hotp') return hotpCounter(material, code, it.counter + 1, tools.rules.hotp.lookAhead)
  const { pastSteps, futureSteps } = tools.rules.totp
  const epoch = Math.floor(tools.clock() / 1000)
  const last = Math.floor(epoch / material.period) + futureSteps
  // no code of this time can be right, since each is used or before one that is; the library throws at it
  if (!(epoch >= 0) || last < it.counter) {
    tools.onTrouble('a code of an app was refused unseen', new RangeError(BEHIND))
    return null
  }
  const result = verifySync({
    ...material,
    token: code,
    epoch,
    epochTolerance: [pastSteps * material.period, futureSteps * material.period],
    ...(it.counter > 0 ? { afterTimeStep: it.counter } : {}),
  })
  return result.valid && 'timeStep' in result ? result.timeStep : null
}

function hotpCounter(material: OtpMaterial, code: string, from: number, ahead: number): number | null {
  const { secret, algorithm, digits } = material
  const result = verifySync({
    strategy: 'hotp',
    secret,
    algorithm,
    digits,
    token: code,
    counter: from,
    counterTolerance: [0, ahead],
  })
  return result.valid ? from + result.delta : null
}

async function open(tools: Tools, { id, material }: EnrolledAuthenticator): Promise<OtpMaterial> {
  return JSON.parse(await tools.keyring.open(`authenticator ${id}`, material)) as OtpMaterial
}

/** RFC 4648 §6, without padding. */
const BASE32 = /^[A-Z2-7]+$/

/**
 * Material out of an `otpauth://` URI of another product.
 *
 * @throws {AmbitError} `input_invalid` for doubled or unknown parameters, a secret under 160 bits, or numbers that no app uses
 */
export function materialOfUri(uri: string): { strategy: 'totp' | 'hotp'; material: OtpMaterial; counter: number } {
  const refuse = (why: string): never => {
    throw new AmbitError('input_invalid', `this is no otpauth URI that can be taken: ${why}; enrol the app anew`)
  }
  if (!URL.canParse(uri)) refuse('it is no URI')
  const url = new URL(uri)
  const strategy = url.host === 'totp' || url.host === 'hotp' ? url.host : null
  if (url.protocol !== 'otpauth:' || strategy === null) return refuse('it is neither totp nor hotp')
  const known = new Set(['secret', 'issuer', 'algorithm', 'digits', 'period', 'counter', 'image'])
  const names = [...url.searchParams.keys()]
  if (new Set(names).size < names.length) refuse('a parameter is doubled')
  for (const name of names) if (!known.has(name)) refuse('a parameter is unknown')
  const get = (name: string, standard: string) => url.searchParams.get(name) ?? standard
  const secret = get('secret', '').toUpperCase()
  if (!BASE32.test(secret)) refuse('the secret is not base32')
  if (Math.floor((secret.length * 5) / 8) < SECRET_BYTES) refuse(`the secret is shorter than ${SECRET_BYTES * 8} bits`)
  const algorithm = get('algorithm', 'SHA1').toLowerCase()
  if (algorithm !== 'sha1' && algorithm !== 'sha256' && algorithm !== 'sha512')
    return refuse('the algorithm is unknown')
  const digits = get('digits', '6')
  if (digits !== '6' && digits !== '8') return refuse('it has neither 6 nor 8 digits')
  const period = get('period', '30')
  if (period !== '30' && period !== '60') return refuse('the period is neither 30 nor 60 seconds')
  const counter = get('counter', '0')
  if (!/^[0-9]{1,15}$/.test(counter)) refuse('the counter is no number')
  const material = { secret, algorithm, digits: digits === '6' ? 6 : 8, period: Number(period) } as const
  return { strategy, material, counter: Number(counter) }
}
