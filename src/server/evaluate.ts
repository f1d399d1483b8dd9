/** From a question to an answer that is written down: what is known around it is gathered, decided on, recorded, returned. */
import type { AuditRecord } from '#audit/records.ts'
import type { AccessRequest } from '#contract/access-request.ts'
import type {
  Decision,
  DeviceEvidence,
  Evaluation,
  RiskSignal,
  SessionEvidence,
  StandingException,
} from '#contract/decision.ts'
import { MOST } from '#decision/decide.ts'
import { AmbitError } from '#lib/errors.ts'
import { newId } from '#lib/ids.ts'
import type { ServerContext } from './context.ts'

/** What is known at this moment of whoever asks, beside the session itself. */
export interface Circumstances {
  readonly device: DeviceEvidence | null
  readonly risk: readonly RiskSignal[]
  readonly exceptions: readonly StandingException[]
}

/** Finds the circumstances of the account that a request names, and of a session; it rejects where they cannot be had, which is a deny. */
export type FindCircumstances = (of: {
  readonly subject: AccessRequest['subject']
  readonly session: SessionEvidence | null
}) => Promise<Circumstances>

export const NO_CIRCUMSTANCES: Circumstances = { device: null, risk: [], exceptions: [] }

export interface Asking {
  readonly request: AccessRequest
  readonly session: SessionEvidence | null
  readonly stepUpsTried: number
  /** who put the question, for the audit */
  readonly by: AuditRecord['by']
  readonly requestId: string
}

/** What it takes to answer a question. */
export type EvaluateParts = Pick<
  ServerContext,
  'decide' | 'audit' | 'clock' | 'log' | 'overload' | 'circumstances' | 'exceptions' | 'shadow'
>

/** A question that was decided on; it is answered once it is {@link recorded}. */
export interface Decided {
  readonly asking: Asking
  readonly evaluation: Evaluation
  readonly decision: Decision
}

/** Answers one question. It never rejects: whatever cannot be found out, decided or written down is a deny, which says so. */
export async function evaluate(context: EvaluateParts, asking: Asking): Promise<Decision> {
  return await recorded(context, await decided(context, asking))
}

/** Decides, without writing it down. */
async function decided(context: EvaluateParts, asking: Asking): Promise<Decided> {
  return await deciding(context)(asking)
}

/** Decides on questions one after another. What is known around one subject and session after another is looked for once. */
export function deciding(context: EvaluateParts): (asking: Asking) => Decided | Promise<Decided> {
  let last: { readonly of: Asking; readonly found: Circumstances } | null = null
  async function look(asking: Asking): Promise<Decided> {
    const { request, session } = asking
    try {
      last = { of: asking, found: await context.circumstances({ subject: request.subject, session }) }
    } catch (error) {
      return undecidable(context, asking, error)
    }
    return await decidedIn(context, asking, last.found)
  }
  return (asking) =>
    last !== null && last.of.request.subject === asking.request.subject && last.of.session === asking.session
      ? decidedIn(context, asking, last.found)
      : look(asking)
}

/** Decides at once, unless something has to be asked for. */
function decidedIn(
  context: EvaluateParts,
  asking: Asking,
  { device, risk, exceptions }: Circumstances,
): Decided | Promise<Decided> {
  const { request, session, stepUpsTried } = asking
  const at = Math.floor(context.clock() / 1000)
  const evaluation = { id: newId('eval'), at, request, session, device, risk, exceptions, stepUpsTried }
  try {
    const decision = context.decide(evaluation)
    if (!(decision instanceof Promise) && decision.exception === null) return { asking, evaluation, decision }
    return settled(context, asking, evaluation, decision)
  } catch (error) {
    return undecidable(context, asking, error)
  }
}

/** An exception is used up to the moment the store takes it away, not as long as this node remembers it. */
async function settled(
  context: EvaluateParts,
  asking: Asking,
  first: Evaluation,
  made: Decision | Promise<Decision>,
): Promise<Decided> {
  try {
    let evaluation = first
    let decision = await made
    while (decision.exception !== null && !(await context.exceptions.use(decision.exception))) {
      const { exception } = decision
      const exceptions = evaluation.exceptions.filter(({ id }) => id !== exception)
      if (exceptions.length === evaluation.exceptions.length) throw new Error(`${exception} was not to be had`)
      evaluation = { ...evaluation, exceptions }
      decision = await context.decide(evaluation)
    }
    if (decision.exception !== null) context.shadow.look(evaluation, decision)
    return { asking, evaluation, decision }
  } catch (error) {
    return undecidable(context, asking, error)
  }
}

function undecidable({ clock, log, overload }: EvaluateParts, asking: Asking, error: unknown): Decided {
  const { request, session, stepUpsTried } = asking
  const at = Math.floor(clock() / 1000)
  const evaluation: Evaluation = { id: newId('eval'), at, request, session, stepUpsTried, ...NO_CIRCUMSTANCES }
  if (error instanceof AmbitError && error.code === 'overloaded') overload.note(error)
  else log.error({ err: error, evaluation: evaluation.id }, 'a question could not be decided and was denied')
  return { asking, evaluation, decision: denied(evaluation, 'undecidable') }
}

/** The decision once it is on record: what is not on record has not happened, and is a deny. */
async function recorded(context: EvaluateParts, { asking, evaluation, decision }: Decided): Promise<Decision> {
  const { by, requestId: request } = asking
  try {
    await context.audit.append({ kind: 'decision', at: context.clock(), by, request, evaluation, decision })
    return decision
  } catch (error) {
    context.log.error({ err: error, evaluation: evaluation.id }, 'a decision could not be recorded and was denied')
    return denied(evaluation, 'not_recorded')
  }
}

/** The decisions of one request, once all are on record together. */
export async function allRecorded(context: EvaluateParts, all: readonly Decided[]): Promise<readonly Decision[]> {
  const at = context.clock()
  try {
    await context.audit.appendAll(
      all.map(({ asking: { by, requestId: request }, evaluation, decision }) => {
        return { kind: 'decision', at, by, request, evaluation, decision }
      }),
    )
    return all.map(({ decision }) => decision)
  } catch (error) {
    context.log.error({ err: error }, 'decisions could not be recorded and were denied')
    return all.map(({ evaluation }) => denied(evaluation, 'not_recorded'))
  }
}

const DENIALS = {
  undecidable: 'what this depends on cannot be found out at the moment',
  not_recorded: 'the decision could not be written down',
  not_ready: 'this server has no snapshot to decide from',
} as const

/** A deny because something of ours is broken: nothing was proved, and everything would be asked. */
export function denied({ id, at }: Pick<Evaluation, 'id' | 'at'>, code: keyof typeof DENIALS): Decision {
  return {
    id,
    at,
    outcome: 'deny',
    reasons: [{ code, text: DENIALS[code], citations: [{ standard: 'OWASP ASVS 5.0', section: '16.5.3' }] }],
    reasonUser: 'Access cannot be checked at the moment. Try again in a little while.',
    required: MOST,
    presented: { strength: 'none', code: false, age: null },
    stepUp: null,
    permitUntil: null,
    exception: null,
    snapshot: 'none',
    policy: 'none',
    settings: 'none',
  }
}
