/**
 * Decisions that were asked for together, as one record: column by column, so that whatever they share is written, checked
 * and searched once. Read back, each is a record of its own again, as it would have been written alone.
 */
import Type, { type TSchema } from 'typebox'
import type { Decision, Evaluation } from '#contract/decision.ts'
import { DecisionSchema, EvaluationSchema, RequestSchema } from './decision-record.ts'
import { closed, Count, listOf, orNull } from './fields.ts'
import type { RecordOf } from './records.ts'

type DecisionRecord = RecordOf<'decision'>

/** Values in the order in which they first occur. */
interface Column {
  readonly values: readonly unknown[]
  /** the place in `values` of each decision; absent where there is one value for all, or one for each */
  readonly of?: readonly number[]
}

const request = RequestSchema.properties
const evaluation = EvaluationSchema.properties
const decision = DecisionSchema.properties

/** One row per column: its shape, and where a decision has it. What is absent there is null here. */
const COLUMNS = {
  id: [evaluation.id, (it) => it.evaluation.id],
  at: [evaluation.at, (it) => it.evaluation.at],
  subject: [request.subject, (it) => it.evaluation.request.subject],
  action: [request.action, (it) => it.evaluation.request.action],
  resource: [request.resource, (it) => it.evaluation.request.resource],
  context: [orNull(request.context), (it) => it.evaluation.request.context ?? null],
  session: [evaluation.session, (it) => it.evaluation.session],
  device: [evaluation.device, (it) => it.evaluation.device],
  risk: [evaluation.risk, (it) => it.evaluation.risk],
  exceptions: [evaluation.exceptions, (it) => it.evaluation.exceptions],
  stepUpsTried: [evaluation.stepUpsTried, (it) => it.evaluation.stepUpsTried],
  outcome: [decision.outcome, (it) => it.decision.outcome],
  reasons: [decision.reasons, (it) => it.decision.reasons],
  reasonUser: [decision.reasonUser, (it) => it.decision.reasonUser],
  required: [decision.required, (it) => it.decision.required],
  presented: [decision.presented, (it) => it.decision.presented],
  stepUp: [decision.stepUp, (it) => it.decision.stepUp],
  permitUntil: [decision.permitUntil, (it) => it.decision.permitUntil],
  exception: [decision.exception, (it) => it.decision.exception],
  snapshot: [decision.snapshot, (it) => it.decision.snapshot],
  policy: [decision.policy, (it) => it.decision.policy],
  settings: [decision.settings, (it) => it.decision.settings],
} satisfies Record<string, readonly [TSchema, (it: DecisionRecord) => unknown]>

type Name = keyof typeof COLUMNS
const NAMES = Object.keys(COLUMNS) as readonly Name[]

const columnOf = (schema: TSchema) => closed({ values: listOf(schema), of: Type.Optional(listOf<number>(Count)) })

/** Of the columns; what else is in the record stands beside them. */
export const ColumnsSchema = closed(
  Object.fromEntries(NAMES.map((name) => [name, columnOf(COLUMNS[name][0])])) as Record<
    Name,
    ReturnType<typeof columnOf>
  >,
)

export interface Together extends Omit<DecisionRecord, 'kind' | 'evaluation' | 'decision'> {
  readonly kind: 'decisions'
  readonly columns: Readonly<Record<Name, Column>>
}

/** Null where they are not of one request at one time, or a decision is not told by the id and time of its question. */
export function together(records: readonly DecisionRecord[]): Together | null {
  const [first] = records
  if (first === undefined || !records.every((each) => isBeside(each, first))) return null
  const columns = Object.fromEntries(NAMES.map((name) => [name, columnIn(records, COLUMNS[name][1])]))
  const { at, by, request: id } = first
  return {
    kind: 'decisions',
    at,
    by,
    ...(id === undefined ? {} : { request: id }),
    columns: columns as Record<Name, Column>,
  }
}

const isBeside = (it: DecisionRecord, { at, by, request: id }: DecisionRecord): boolean =>
  it.at === at &&
  it.by === by &&
  it.request === id &&
  it.decision.id === it.evaluation.id &&
  it.decision.at === it.evaluation.at

/** Values among which one that comes again is looked for: the first, and those before the last new one. Ours. */
const [FIRST, LATEST] = [8, 8]

/** Values are told apart by identity: what is shared in memory is shared here, where it is not too far off. */
function columnIn(records: readonly DecisionRecord[], value: (it: DecisionRecord) => unknown): Column {
  const first = value(records[0]!)
  let i = 1
  while (i < records.length && value(records[i]!) === first) i++
  const values = [first]
  if (i === records.length) return { values }
  const of = Array.from<number>({ length: i }).fill(0)
  let place = 0
  for (; i < records.length; i++) {
    const next = value(records[i]!)
    if (next !== values[place]) {
      const found = placeOf(values, next)
      place = found === -1 ? values.push(next) - 1 : found
    }
    of.push(place)
  }
  return values.length === records.length ? { values } : { values, of }
}

/** Where a value stands, -1 where it is not found: a look at few values is faster than a table of all. */
function placeOf(values: readonly unknown[], wanted: unknown): number {
  for (let at = values.length - 1; at >= Math.max(FIRST, values.length - LATEST); at--)
    if (values[at] === wanted) return at
  for (let at = Math.min(FIRST, values.length) - 1; at >= 0; at--) if (values[at] === wanted) return at
  return -1
}

/** The decisions, each as a record of its own. */
export function apart({ at, by, request: id, columns }: Together): DecisionRecord[] {
  const head = { at, by, ...(id === undefined ? {} : { request: id }) }
  return columns.id.values.map((_, index): DecisionRecord => {
    const of = <T>(name: Name): T => valueAt(columns[name], index) as T
    const context = of<Evaluation['request']['context'] | null>('context')
    const asked: Evaluation = {
      id: of('id'),
      at: of('at'),
      request: {
        subject: of('subject'),
        action: of('action'),
        resource: of('resource'),
        ...(context == null ? {} : { context }),
      },
      session: of('session'),
      device: of('device'),
      risk: of('risk'),
      exceptions: of('exceptions'),
      stepUpsTried: of('stepUpsTried'),
    }
    const answered: Decision = {
      id: of('id'),
      at: of('at'),
      outcome: of('outcome'),
      reasons: of('reasons'),
      reasonUser: of('reasonUser'),
      required: of('required'),
      presented: of('presented'),
      stepUp: of('stepUp'),
      permitUntil: of('permitUntil'),
      exception: of('exception'),
      snapshot: of('snapshot'),
      policy: of('policy'),
      settings: of('settings'),
    }
    return { kind: 'decision', ...head, evaluation: asked, decision: answered }
  })
}

const valueAt = ({ values, of }: Column, index: number): unknown =>
  values[of !== undefined ? of[index]! : values.length === 1 ? 0 : index]

/** Whatever callers sent for conditions to read, each once. */
export function openIn({ columns: { subject, action, resource, context } }: Together): readonly unknown[] {
  const open = [...context.values]
  for (const { values } of [subject, action, resource]) {
    for (const { properties } of values as readonly { readonly properties?: unknown }[])
      if (properties !== undefined) open.push(properties)
  }
  return open
}
