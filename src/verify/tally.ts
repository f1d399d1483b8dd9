/** What a summary counts, counted again while diagnostics, accounts and findings go by; nothing of them is kept but ids of the fallen. */
import type { Account, Finding, Report } from '#contract/report.ts'
import { STRENGTHS } from '#contract/vocabulary.ts'
import { record, type Failure } from './failure.ts'

type Summary = Report['summary']
type Counts = Map<string, number>
type Table = Map<string, Counts>

/** A count that goes on until a summary is held against it. */
export interface Tally {
  readonly diagnostic: () => void
  readonly account: (account: Account) => void
  readonly finding: (finding: Finding) => void
  /** what the summary says that was not counted */
  readonly flawsOf: (summary: Summary) => Failure[]
}

/** A tally of nothing so far. */
export function newTally(): Tally {
  const accounts = { all: 0, people: 0, weaker: 0 }
  const verdicts: Counts = new Map()
  const matrix: Table = new Map()
  const conformance: Table = new Map()
  const fallen = new Map<string, Fallen>()
  const findings = { all: 0 }
  const diagnostics = { all: 0 }
  const bySeverity: Counts = new Map()
  const byCode: Counts = new Map()
  return {
    diagnostic: () => void diagnostics.all++,
    account(account) {
      accounts.all++
      count(verdicts, account.verdict)
      for (const { profile, status } of account.conformance) count(rowOf(conformance, profile), status)
      for (const attacker of new Set(account.fallsTo.map((fall) => fall.attacker))) fell(fallen, attacker, account)
      if (account.kind !== 'human') return
      accounts.people++
      if (weakerThanItLooks(account)) accounts.weaker++
      count(rowOf(matrix, account.impact), account.effectiveStrength ?? 'unknown')
    },
    finding({ severity, code }) {
      findings.all++
      count(bySeverity, severity)
      count(byCode, code)
    },
    flawsOf: (summary) => [
      ...differs('accounts', summary.accounts, accounts.all),
      ...differs('humans', summary.humans, accounts.people),
      ...differs('nonHumans', summary.nonHumans, accounts.all - accounts.people),
      ...differs('diagnostics', summary.diagnostics, diagnostics.all),
      ...differs('findings', summary.findings, findings.all),
      ...differs('weakerThanTheyLook', summary.weakerThanTheyLook, accounts.weaker),
      ...countsDiffer('verdicts', summary.verdicts, verdicts),
      ...countsDiffer('bySeverity', summary.bySeverity, bySeverity),
      ...countsDiffer('byCode', summary.byCode, byCode),
      ...tableDiffers('matrix', summary.matrix, matrix),
      ...tableDiffers('conformance', summary.conformance, conformance),
      ...flawsOfAttackers(summary.attackers, fallen),
    ],
  }
}

/** Accounts that fall to one attacker. */
interface Fallen {
  readonly ids: string[]
  high: number
}

function fell(fallen: Map<string, Fallen>, attacker: string, { id, impact }: Account): void {
  const haul = fallen.get(attacker) ?? { ids: [], high: 0 }
  haul.ids.push(id)
  if (impact === 'high') haul.high++
  fallen.set(attacker, haul)
}

function flawsOfAttackers(attackers: Summary['attackers'], fallen: ReadonlyMap<string, Fallen>): Failure[] {
  const known = new Set(attackers.map(({ attacker }) => attacker))
  const unknown = new Set<string>()
  for (const [attacker, { ids }] of fallen) if (!known.has(attacker)) for (const id of ids) unknown.add(id)
  return [
    ...[...unknown].map((id) => record(id, 'it falls to an attacker that the summary does not know')),
    ...attackers.flatMap(({ attacker, accounts: said, highImpact }) => [
      ...differs(`attackers \`${attacker}\``, said, fallen.get(attacker)?.ids.length ?? 0),
      ...differs(`attackers \`${attacker}\`, high impact`, highImpact, fallen.get(attacker)?.high ?? 0),
    ]),
  ]
}

const weakerThanItLooks = ({ effectiveStrength: effective, nominalStrength: nominal }: Account): boolean =>
  effective !== null && nominal !== null && STRENGTHS.indexOf(effective) < STRENGTHS.indexOf(nominal)

const count = (counts: Counts, word: string): void => void counts.set(word, (counts.get(word) ?? 0) + 1)

function rowOf(table: Table, row: string): Counts {
  const counts: Counts = table.get(row) ?? new Map()
  table.set(row, counts)
  return counts
}

const differs = (what: string, said: number, counted: number): Failure[] =>
  said === counted ? [] : [record('summary', `${what}: it says ${said}, and there are ${counted}`)]

type Said<T> = Readonly<Record<string, T>>

/** What is said of a name, which may be one of JavaScript's own. */
const saidOf = <T>(said: Said<T>, name: string): T | undefined => (Object.hasOwn(said, name) ? said[name] : undefined)

/** A count of zero may be left out. */
const countsDiffer = (what: string, said: Said<number>, counted: ReadonlyMap<string, number>): Failure[] =>
  [...new Set([...Object.keys(said), ...counted.keys()])].flatMap((word) =>
    differs(`${what} \`${word}\``, saidOf(said, word) ?? 0, counted.get(word) ?? 0),
  )

const tableDiffers = (what: string, said: Said<Said<number>>, counted: ReadonlyMap<string, Counts>): Failure[] =>
  [...new Set([...Object.keys(said), ...counted.keys()])].flatMap((row) =>
    countsDiffer(`${what} \`${row}\``, saidOf(said, row) ?? {}, counted.get(row) ?? new Map()),
  )
