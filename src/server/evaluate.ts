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

type Parts = Pick<ServerContext, 'decide' | 'audit' | 'clock' | 'log' | 'circumstances' | 'exceptions'>

/** A question that was decided on; it is answered once it is {@link recorded}. */
export interface Decided {
  readonly asking: Asking
  readonly evaluation: Evaluation
  readonly decision: Decision
}

/** Answers one question. It never rejects: whatever cannot be found out, decided or written down is a deny, which says so. */
export async function evaluate(context: Parts, asking: Asking): Promise<Decision> {
  return await recorded(context, await decided(context, asking))
}

/** Decides, without writing it down. `find` where the circumstances are not to be looked for anew. */
export async function decided(
  context: Parts,
  asking: Asking,
  find: FindCircumstances = context.circumstances,
): Promise<Decided> {
  const { request, session, stepUpsTried } = asking
  const at = Math.floor(context.clock() / 1000)
  const bare: Evaluation = { id: newId('eval'), at, request, session, stepUpsTried, ...NO_CIRCUMSTANCES }
  try {
    const { device, risk, exceptions: standing } = await find({ subject: request.subject, session })
    let evaluation: Evaluation = { ...bare, device, risk, exceptions: standing }
    let decision = await context.decide(evaluation)
    // an exception is used up to the moment the store takes it away, not as long as this node remembers it
    while (decision.exception !== null && !(await context.exceptions.use(decision.exception))) {
      const { exception } = decision
      const exceptions = evaluation.exceptions.filter(({ id }) => id !== exception)
      if (exceptions.length === evaluation.exceptions.length) throw new Error(`${exception} was not to be had`)
      evaluation = { ...evaluation, exceptions }
      decision = await context.decide(evaluation)
    }
    return { asking, evaluation, decision }
  } catch (error) {
    context.log.error({ err: error, evaluation: bare.id }, 'a question could not be decided and was denied')
    return { asking, evaluation: bare, decision: denied(bare, 'undecidable') }
  }
}

/** The decision once it is on record: what is not on record has not happened, and is a deny. */
export async function recorded(context: Parts, { asking, evaluation, decision }: Decided): Promise<Decision> {
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
export async function allRecorded(context: Parts, all: readonly Decided[]): Promise<readonly Decision[]> {
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
