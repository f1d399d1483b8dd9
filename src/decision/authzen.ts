/**
 * A decision as the body of an AuthZEN 1.0 answer. AuthZEN leaves open how a step-up is told, and three ways are in use: keys
 * of the context (its third example), an obligation (obligations profile, draft 1), a reason and next action (access request
 * profile, draft 1). This says all three; a reader ignores the keys it does not know (§5.5 of AuthZEN).
 */
import type { Properties } from '#contract/access-request.ts'
import type { Decision, StepUp } from '#contract/decision.ts'
import { keeping } from '#lib/kept.ts'

export interface AuthzenAnswer {
  readonly decision: boolean
  readonly context: AuthzenContext
}

export interface AuthzenContext {
  readonly evaluation_id: string
  /** RFC 3339 */
  readonly evaluated_at: string
  /** on a permit: RFC 3339 time at which to ask again */
  readonly permit_until?: string
  readonly exception?: string
  /** on a deny: the worst reason, and all of them, as codes */
  readonly reason?: string
  readonly reasons?: readonly string[]
  readonly reason_admin?: Readonly<Record<string, string>>
  readonly reason_user?: Readonly<Record<string, string>>
  readonly next_action?: 'retry' | 'none'
  /** separated by spaces, any one will do, in order of preference (RFC 9470 §4) */
  readonly acr_values?: string
  readonly amr_values?: string
  /** seconds */
  readonly max_age?: number
  readonly obligations?: readonly StepUpObligation[]
}

export interface StepUpObligation {
  readonly id: string
  readonly type: 'step-up'
  readonly properties: {
    readonly acr_value: string
    readonly amr_values?: readonly string[]
    readonly max_age?: number
    /** other values of `acr` that will do; the profile has no word for them */
    readonly alternatives?: readonly string[]
  }
}

/** The status under which AuthZEN's examples file a reason. */
const STATUS = '403'
/** Code of a denial that proving more would lift. */
const TOO_LOW = '"assurance_too_low"'

/**
 * Returns the answer, an {@link AuthzenAnswer} as JSON: every decision is told once and never looked at again, so no object is made of
 * it. An obligation is in it unless the caller declared, in `context.supported_obligations`, that it knows others only: one
 * that it did not know it would have to take for a deny of another sort.
 */
export function answerText(decision: Decision, asked: Properties | undefined): string {
  const { id, at, outcome, reasons, reasonUser, stepUp, permitUntil, exception } = decision
  const head = `"evaluation_id":${quoted(id)},"evaluated_at":"${timeOf(at)}"`
  if (outcome === 'permit') {
    const until = permitUntil === null ? '' : `,"permit_until":"${timeOf(permitUntil)}"`
    const excused = exception === null ? '' : `,"exception":${quoted(exception)}`
    return `{"decision":true,"context":{${head}${until}${excused}}}`
  }
  let codes = wordOf(reasons[0]!.code)
  let texts = reasons[0]!.text
  for (let i = 1; i < reasons.length; i++) {
    codes += `,${wordOf(reasons[i]!.code)}`
    texts += `; ${reasons[i]!.text}`
  }
  const why = `"reason":${stepUp === null ? wordOf(reasons[0]!.code) : TOO_LOW},"reasons":[${codes}]`
  const told = `"reason_admin":{"${STATUS}":${quoted(texts)}},"reason_user":{"${STATUS}":${wordOf(reasonUser)}}`
  const next = stepUp === null ? '"next_action":"none"' : `"next_action":"retry"${adviceOf(stepUp, isSupported(asked))}`
  return `{"decision":false,"context":{${head},${why},${told},${next}}}`
}

const quoted = (text: string): string => JSON.stringify(text)
/** What is said again and again, quoted. */
const wordOf = (word: string): string => WORDS.get(word, () => quoted(word))
const WORDS = keeping<string, string>(1000)

function isSupported(context: Properties | undefined): boolean {
  const declared = context?.['supported_obligations']
  return declared === undefined || (Array.isArray(declared) && declared.includes('step-up'))
}

/** Further members of the context. */
function adviceOf({ acrValues, amrValues, maxAge }: StepUp, oblige: boolean): string {
  const [first, ...others] = acrValues
  const age = maxAge === null ? {} : { max_age: maxAge }
  const methods = amrValues.length === 0 ? {} : { amr_values: amrValues }
  const alternatives = others.length === 0 ? {} : { alternatives: others }
  const advice: Partial<AuthzenContext> = {
    ...(first === undefined ? {} : { acr_values: acrValues.join(' ') }),
    ...(amrValues.length === 0 ? {} : { amr_values: amrValues.join(' ') }),
    ...age,
    // `acr_value` is required of the obligation, so without one there is none
    ...(oblige && first !== undefined
      ? {
          obligations: [
            { id: 'step-up', type: 'step-up', properties: { acr_value: first, ...methods, ...age, ...alternatives } },
          ],
        }
      : {}),
  }
  const text = JSON.stringify(advice).slice(1, -1)
  return text === '' ? '' : `,${text}`
}

/** RFC 3339 in UTC; a time beyond what it can say is told as its end. */
const timeOf = (seconds: number): string =>
  TIMES.get(seconds, () => new Date(Math.min(seconds * 1000, LAST)).toISOString())
/** The same few seconds are told again and again. */
const TIMES = keeping<number, string>(1000)
/** 9999-12-31T23:59:59Z */
const LAST = 253_402_300_799_000
