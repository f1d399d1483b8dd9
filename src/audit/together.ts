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

/** The columns, with the shape of what is in each. What is absent there is null here. */
const COLUMNS = {
  id: evaluation.id,
  at: evaluation.at,
  subject: request.subject,
  action: request.action,
  resource: request.resource,
  context: orNull(request.context),
  session: evaluation.session,
  device: evaluation.device,
  risk: evaluation.risk,
  exceptions: evaluation.exceptions,
  stepUpsTried: evaluation.stepUpsTried,
  outcome: decision.outcome,
  reasons: decision.reasons,
  reasonUser: decision.reasonUser,
  required: decision.required,
  presented: decision.presented,
  stepUp: decision.stepUp,
  permitUntil: decision.permitUntil,
  exception: decision.exception,
  snapshot: decision.snapshot,
  policy: decision.policy,
  settings: decision.settings,
} satisfies Record<string, TSchema>

type Name = keyof typeof COLUMNS
const NAMES = Object.keys(COLUMNS) as readonly Name[]

/** What a decision has in each column, in their order: read in one go, and compared by place. */
const rowOf = ({ evaluation: asked, decision: made }: DecisionRecord): readonly unknown[] => [
  asked.id,
  asked.at,
  asked.request.subject,
  asked.request.action,
  asked.request.resource,
  asked.request.context ?? null,
  asked.session,
  asked.device,
  asked.risk,
  asked.exceptions,
  asked.stepUpsTried,
  made.outcome,
  made.reasons,
  made.reasonUser,
  made.required,
  made.presented,
  made.stepUp,
  made.permitUntil,
  made.exception,
  made.snapshot,
  made.policy,
  made.settings,
]

const columnOf = (schema: TSchema) => closed({ values: listOf(schema), of: Type.Optional(listOf<number>(Count)) })

/** Of the columns; what else is in the record stands beside them. */
export const ColumnsSchema = closed(
  Object.fromEntries(NAMES.map((name) => [name, columnOf(COLUMNS[name])])) as Record<Name, ReturnType<typeof columnOf>>,
)

export interface Together extends Omit<DecisionRecord, 'kind' | 'evaluation' | 'decision'> {
  readonly kind: 'decisions'
  readonly columns: Readonly<Record<Name, Column>>
}

/** Null where they are not of one request at one time, or a decision is not told by the id and time of its question. */
export function together(records: readonly DecisionRecord[]): Together | null {
  const [first] = records
  if (first === undefined || !records.every((each) => isBeside(each, first))) return null
  const rows = records.map(rowOf)
  const columns = Object.fromEntries(
    // no two have the same id, so it is not looked for
    NAMES.map((name, place) => [
      name,
      name === 'id' ? { values: rows.map((row) => row[place]) } : columnIn(rows, place),
    ]),
  )
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
function columnIn(rows: readonly (readonly unknown[])[], column: number): Column {
  const first = rows[0]![column]
  let i = 1
  while (i < rows.length && rows[i]![column] === first) i++
  const values = [first]
  if (i === rows.length) return { values }
  const of = Array.from<number>({ length: i }).fill(0)
  let place = 0
  for (; i < rows.length; i++) {
    const next = rows[i]![column]
    if (next !== values[place]) {
      const found = placeOf(values, next)
      place = found === -1 ? values.push(next) - 1 : found
    }
    of.push(place)
  }
  return values.length === rows.length ? { values } : { values, of }
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
