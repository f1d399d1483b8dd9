import { liveAnalysis } from '#analysis/live.ts'
import { linesOf } from '#audit/chain.ts'
import { buildWorld } from '#decision/build-world.ts'
import { replay, type Recorded, type Replay } from '#decision/replay.ts'
import { accessWithTried, withTried, type Change, type Difference } from '#decision/shadow.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Io } from '../io.ts'
import { readAccessPolicies, readSettings, textOf } from '../read-decision.ts'
import { readFiles } from '../read-files.ts'
import { readPolicyFile } from '../read-policy.ts'
import { EXIT } from './analyze.ts'

export interface ReplayOptions {
  readonly log: string
  readonly paths: readonly string[]
  /** policy to try; that in force, with the rules that it only tries, where none is named */
  readonly policy?: string
  /** policy under which the decisions were made */
  readonly inForce: string
  readonly settings?: string
  readonly access: readonly string[]
  readonly at?: string
  readonly format: 'text' | 'json'
}

/**
 * `policy replay`: makes recorded decisions again, and says who would be asked what. Exit 1 when anything would differ, or
 * a decision is not the same again under what it was made under.
 */
export async function policyReplay(options: ReplayOptions, io: Io): Promise<number> {
  const { log, paths, policy, inForce, settings, access, at, format } = options
  const recorded = recordsIn(await textOf(log), log)
  const files = await readFiles(paths)
  const inventory = at === undefined || files.at !== undefined ? files : { ...files, at }
  const [then, read, accessPolicies] = [
    await readPolicyFile(inForce),
    await readSettings(settings),
    await readAccessPolicies(access),
  ]
  const now = policy === undefined ? withTried(then) : await readPolicyFile(policy)
  const before = buildWorld(liveAnalysis(inventory, then), read, accessPolicies)
  const after = buildWorld(liveAnalysis(inventory, now), read, accessPolicies.map(accessWithTried))
  const result = replay(recorded, before, after)
  io.write(format === 'json' ? `${JSON.stringify(result, null, 2)}\n` : textFor(result))
  return result.differences.length === 0 && result.notReproduced.length === 0 ? EXIT.clean : EXIT.findings
}

/** Lines of `{evaluation, decision}`, records of the audit log, or an export of it; records of anything else are passed over. */
function recordsIn(text: string, file: string): Recorded[] {
  return text.split('\n').flatMap((line, i) => (line.trim() === '' ? [] : recordsOf(line, `${file}:${i + 1}`)))
}

function recordsOf(line: string, place: string): Recorded[] {
  const value = parsed(line, place)
  if (isRecord(value)) return [value]
  const { is, block, kind } = value as { is?: unknown; block?: { body?: unknown }; kind?: unknown }
  if (is === 'block' && typeof block?.body === 'string') {
    return linesOf(block.body).flatMap((each) => (each === null ? [] : recordsOf(each.text, place)))
  }
  if (typeof is === 'string' || typeof kind === 'string') return []
  const message = `${place}: this line is neither a decision nor a record of the audit log; write one with \`ambit audit export\``
  throw new AmbitError('input_invalid', message, { place })
}

function parsed(line: string, place: string): object {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // told below, as whatever else is no object
  }
  throw new AmbitError('input_invalid', `${place}: this line is no JSON object; the log is NDJSON, one record a line`, {
    place,
  })
}

const isRecord = (value: object): value is Recorded =>
  'evaluation' in value &&
  'decision' in value &&
  typeof value.evaluation === 'object' &&
  typeof value.decision === 'object' &&
  value.evaluation !== null &&
  value.decision !== null &&
  'request' in value.evaluation &&
  'outcome' in value.decision

const TOLD: Readonly<Record<Change, string>> = {
  locked_out: 'would be refused, whatever they prove',
  asked_for_more: 'would be asked for more',
  asked_for_less: 'would be asked for less, or for nothing',
  asked_instead: 'would be asked for a proof where they were refused',
  let_in: 'would be let in where they were refused',
  other: 'would be answered with other reasons, or for another time',
}
/** Differences told one by one; the rest is counted. */
const TOLD_MOST = 20

function textFor({
  decisions,
  reproduced,
  notReproduced,
  notComparable,
  differences,
  counts,
  lockedOut,
}: Replay): string {
  const lines = [
    `${decisions} decisions: ${reproduced} the same again bit for bit, ${notReproduced.length} not, ${notComparable} made under another snapshot, policy or settings`,
    ...notReproduced.map(
      ({ recorded, again }) => `  ✕ ${recorded.id}: recorded ${recorded.outcome}, now ${again.outcome}`,
    ),
  ]
  if (differences.length === 0) return `${[...lines, 'nobody would be answered otherwise'].join('\n')}\n`
  for (const change of Object.keys(TOLD) as Change[]) {
    const of = differences.filter((each) => each.change === change)
    if (of.length === 0) continue
    lines.push(`${counts[change]} ${TOLD[change]}`)
    lines.push(...of.slice(0, TOLD_MOST).map(lineFor))
    if (of.length > TOLD_MOST) lines.push(`  and ${of.length - TOLD_MOST} more`)
  }
  if (lockedOut.length > 0) lines.push(`locked out of something: ${lockedOut.join(', ')}`)
  return `${lines.join('\n')}\n`
}

function lineFor({ evaluation: { request }, before, after }: Difference): string {
  const what = `${request.subject.id}: \`${request.action.name}\` on \`${request.resource.id}\``
  const codes = after.reasons.map(({ code }) => code).join(', ')
  return `  ${what}: ${before.outcome} → ${after.outcome} (${codes}) “${after.reasonUser}”`
}
