/** Answers of the decision point, as an application wants them. */
import type { AccessRequest, Properties } from '../contract/access-request.ts'

/** A question, with the session of whoever asks: the token as it came, or claims that the caller has verified. */
export interface Question {
  readonly subject: AccessRequest['subject']
  readonly action: AccessRequest['action']
  readonly resource: AccessRequest['resource']
  /** besides the session; see {@link Session} */
  readonly context?: Properties
  readonly session?: Session
}

export type Session =
  | {
      /** the access token of the person; Ambit verifies it */
      readonly access_token: string
      /** `aud` that a token for this API has; a token for another one is not taken */
      readonly audience?: string
      /** for a token that is bound to a key: the DPoP proof, and what it was made for */
      readonly dpop_proof?: string
      readonly method?: string
      readonly url?: string
    }
  | {
      /** claims of a session that the caller verified itself */
      readonly iss: string
      readonly sub?: string
      readonly acr?: string
      readonly amr?: readonly string[]
      readonly auth_time?: number
      readonly [claim: string]: unknown
    }

export interface StepUpAdvice {
  /** any one will do, in order of preference */
  readonly acrValues: readonly string[]
  /** seconds; null for any age */
  readonly maxAge: number | null
}

export interface Answer {
  readonly outcome: 'permit' | 'step_up' | 'deny'
  /** set exactly on `step_up` */
  readonly stepUp: StepUpAdvice | null
  /** code of the worst reason; `permitted` on a permit */
  readonly reason: string
  /** one plain sentence for the person */
  readonly reasonUser: string
  readonly evaluationId: string | null
  /** milliseconds since 1970 at which to ask again; null where it may not be kept at all */
  readonly permitUntil: number | null
}

/** The answer where none could be had: always a deny. */
export const unanswered = (reason: 'unreachable' | 'timeout' | 'malformed' | 'refused'): Answer => ({
  outcome: 'deny',
  stepUp: null,
  reason,
  reasonUser: 'Access cannot be checked at the moment. Try again in a little while.',
  evaluationId: null,
  permitUntil: null,
})

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads an AuthZEN answer. Only a `decision` that is exactly `true` permits; whatever cannot be read denies. */
export function readAnswer(body: unknown): Answer {
  if (!isObject(body) || typeof body['decision'] !== 'boolean') return unanswered('malformed')
  const context = isObject(body['context']) ? body['context'] : {}
  const text = (name: string) => (typeof context[name] === 'string' ? context[name] : null)
  const evaluationId = text('evaluation_id')
  if (body['decision']) {
    const until = Date.parse(text('permit_until') ?? '')
    const permitUntil = Number.isNaN(until) ? null : until
    return { outcome: 'permit', stepUp: null, reason: 'permitted', reasonUser: '', evaluationId, permitUntil }
  }
  const acrValues = (text('acr_values') ?? '').split(' ').filter(Boolean)
  const age = context['max_age']
  const maxAge = typeof age === 'number' && Number.isInteger(age) && age >= 0 ? age : null
  const isStepUp = text('next_action') === 'retry' && (acrValues.length > 0 || maxAge !== null)
  const forUser = isObject(context['reason_user']) ? context['reason_user']['403'] : undefined
  return {
    outcome: isStepUp ? 'step_up' : 'deny',
    stepUp: isStepUp ? { acrValues, maxAge } : null,
    reason: text('reason') ?? 'denied',
    reasonUser: typeof forUser === 'string' ? forUser : 'You may not do this.',
    evaluationId,
    permitUntil: null,
  }
}
