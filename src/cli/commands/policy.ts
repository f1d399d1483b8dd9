import { readFile } from 'node:fs/promises'
import type { Account, Report } from '#contract/report.ts'
import { STRENGTHS, VERDICTS } from '#contract/vocabulary.ts'
import { AmbitError } from '#lib/errors.ts'
import { failuresOf } from '#policy/cases.ts'
import { lintPolicy } from '#policy/lint.ts'
import { readYaml, type ReadPolicy } from '#policy/parse.ts'
import { problemsOf } from '#policy/shape.ts'
import { CasesFile, type Case } from '#policy/schema.ts'
import type { Io } from '../io.ts'
import { readPolicyWithFile } from '../read-policy.ts'
import { analysePaths, EXIT } from './analyze.ts'

/** `policy check`: valid, and nothing odd. Exit 0 clean, 1 with notes; an invalid policy is thrown. */
export async function policyCheck(path: string, io: Io): Promise<number> {
  const { policy, lineOf } = await readPolicyWithFile(path)
  const notes = lintPolicy(policy)
  for (const { pointer, message, remedy } of notes) {
    const line = lineOf(pointer.slice(1).split('/'))
    io.write(`${path}${line === undefined ? '' : `:${line}`} ${pointer}: ${message}\n    ${remedy}\n`)
  }
  const kinds = `${policy.attackers.length} attackers, ${policy.rules.length} rules, profiles ${policy.profiles.join(', ')}`
  io.write(`policy ${policy.name} ${policy.version} is valid: ${kinds}\n${policy.hash}\n`)
  return notes.length === 0 ? EXIT.clean : EXIT.findings
}

/** `policy test`: the cases in the policy file and in `<name>.cases.yaml` beside it. */
export async function policyTest(path: string, io: Io): Promise<number> {
  const read = await readPolicyWithFile(path)
  const cases = await casesFor(path, read)
  if (cases.length === 0) {
    throw new AmbitError(
      'usage',
      `\`${path}\` has no cases; write \`cases:\` in it, or in \`${casesPath(path)}\` beside it`,
    )
  }
  let failed = 0
  for (const it of cases) {
    const failures = failuresOf(read.policy, it)
    if (failures.length === 0) continue
    failed++
    io.write(`✕ ${it.name}\n`)
    for (const { field, expected, got } of failures)
      io.write(`    ${field}: expected ${said(expected)}, got ${said(got)}\n`)
  }
  io.write(`${cases.length - failed} passed, ${failed} failed\n`)
  return failed === 0 ? EXIT.clean : EXIT.findings
}

const said = (value: unknown): string =>
  Array.isArray(value)
    ? value.join(', ') || 'none'
    : value === null || value === undefined
      ? 'unknown'
      : JSON.stringify(value)

const casesPath = (path: string): string => path.replace(/(?:\.ya?ml)?$/, '.cases.yaml')

async function casesFor(path: string, { file }: ReadPolicy): Promise<readonly Case[]> {
  const own = file.cases ?? []
  if (path === 'default') return own
  const beside = casesPath(path)
  const text = await readFile(beside, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new AmbitError('input_unreadable', `cannot read \`${beside}\` (${error.code}); check its permissions`)
  })
  if (text === null) return own
  const { value } = readYaml(text, beside)
  const problems = problemsOf(CasesFile, value)
  if (problems.length > 0) {
    const lines = problems.map(({ path: at, message, remedy }) => `${beside}: /${at.join('/')}: ${message} (${remedy})`)
    throw new AmbitError('policy_invalid', lines.join('\n'), { file: beside, problems })
  }
  return [...own, ...(value as { cases: Case[] }).cases]
}

export interface DiffOptions {
  readonly before: string
  readonly after: string
  readonly paths: readonly string[]
  readonly at?: string
  readonly format: 'text' | 'json'
}

/** One account whose verdict or requirement differs under the two policies. */
export interface Change {
  readonly account: string
  readonly impact: readonly [string, string]
  readonly required: readonly [string, string]
  readonly verdict: readonly [string, string]
  /** can sign in today, and every sign-in would be unfit under the new policy */
  readonly wouldBeRefused: boolean
}

/** `policy diff`: whose verdict changes between two policies, before anyone is locked out. Exit 1 when anyone's does. */
export async function policyDiff({ before, after, paths, at, format }: DiffOptions, io: Io): Promise<number> {
  const [old, now] = [await readPolicyWithFile(before), await readPolicyWithFile(after)]
  const first = await analysePaths(paths, old.policy, at, io)
  const second = await analysePaths(paths, now.policy, at, io)
  const changes = changesBetween(first, second)
  if (format === 'json')
    io.write(`${JSON.stringify({ before: first.policy, after: second.policy, changes }, null, 2)}\n`)
  else io.write(diffText(first, second, changes))
  return changes.length === 0 ? EXIT.clean : EXIT.findings
}

/** Accounts that differ, those that would be refused first, then the ones that fall furthest. */
export function changesBetween(before: Report, after: Report): Change[] {
  const then = new Map(before.accounts.map((account) => [account.id, account]))
  const changes: Change[] = []
  for (const account of after.accounts) {
    const old = then.get(account.id)
    if (old === undefined) continue
    const change: Change = {
      account: account.id,
      impact: [old.impact, account.impact],
      required: [old.requiredStrength ?? 'none', account.requiredStrength ?? 'none'],
      verdict: [old.verdict, account.verdict],
      wouldBeRefused: signsIn(old) && !signsIn(account),
    }
    if ([change.impact, change.required, change.verdict].some(([a, b]) => a !== b)) changes.push(change)
  }
  const fall = ({ verdict: [a, b] }: Change) => VERDICTS.indexOf(b as never) - VERDICTS.indexOf(a as never)
  return changes.toSorted(
    (a, b) =>
      Number(b.wouldBeRefused) - Number(a.wouldBeRefused) || fall(a) - fall(b) || (a.account < b.account ? -1 : 1),
  )
}

/** Whether some sign-in would be let through: a person is locked out when none is. */
const signsIn = ({ waysIn }: Account): boolean =>
  waysIn.some(({ purpose, verdict }) => (purpose === 'sign_in' || purpose === 'federation') && verdict !== 'unfit')

function diffText(before: Report, after: Report, changes: readonly Change[]): string {
  const title = `${before.policy.name} → ${after.policy.name}: `
  if (changes.length === 0) return `${title}no account's verdict or requirement changes\n`
  const refused = changes.filter(({ wouldBeRefused }) => wouldBeRefused)
  const lines = changes.map(({ account, required, verdict, wouldBeRefused }) => {
    const parts = [verdict[0] === verdict[1] ? verdict[0] : `${verdict[0]} → ${verdict[1]}`]
    if (required[0] !== required[1]) {
      const raised = STRENGTHS.indexOf(required[1] as never) > STRENGTHS.indexOf(required[0] as never)
      parts.push(`required ${required[0]} → ${required[1]} (${raised ? 'raised' : 'lowered'})`)
    }
    return `  ${wouldBeRefused ? '✕' : ' '} ${account}: ${parts.join(', ')}`
  })
  const summary = `${changes.length} of ${after.accounts.length} accounts change; ${refused.length} would have no sign-in left that is fit${refused.length > 0 ? ' (✕)' : ''}`
  return `${title}${summary}\n${lines.join('\n')}\n`
}
