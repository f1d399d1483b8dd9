/** What a report says about itself, counted again: no engine and no policy is needed to find these wrong. */
import type { Account, Finding, Report } from '#contract/report.ts'
import { SEVERITIES, STRENGTHS, VERDICTS } from '#contract/vocabulary.ts'
import type { Inventory } from '#model/facts.ts'

/** One claim of the report that does not hold. */
export interface Failure {
  /** the finding or account whose claim it is; `snapshot` and `summary` for those of the whole */
  readonly id: string
  /** the proof of reach, the proof of entry, or something else that the record says */
  readonly which: 'reach' | 'entry' | 'record'
  /** position of the failing step, from 0; null where no single step is at fault */
  readonly step: number | null
  /** what the failing step claims to prove */
  readonly node: string | null
  readonly reason: string
}

type Counts = Readonly<Record<string, number>>

/** A failure of what a record says, outside its proofs. */
export const record = (id: string, reason: string): Failure => ({ id, which: 'record', step: null, node: null, reason })

/** Every claim of the report that a recount contradicts, in the order of the report. */
export function recount(report: Report, inventory: Inventory): Failure[] {
  return [
    ...accountsAgainstInventory(report, inventory),
    ...flawsOfAccounts(report, inventory),
    ...flawsOfFindings(report, inventory),
    ...flawsOfSummary(report),
  ]
}

function accountsAgainstInventory({ accounts }: Report, inventory: Inventory): Failure[] {
  const declared = new Set(inventory.facts.flatMap(({ fact }) => (fact.fact === 'account' ? [fact.id] : [])))
  const said = new Set(accounts.map(({ id }) => id))
  return [
    ...repeated(accounts.map(({ id }) => id)).map((id) => record(id, 'the account is in the report more than once')),
    ...[...said.difference(declared)].map((id) => record(id, 'the account is not in the inventory')),
    ...[...declared.difference(said)].map((id) => record(id, 'the account is in the inventory and not in the report')),
  ]
}

/** What the inventory says of one account: its record, and every way in that leads to it. */
interface Declared {
  readonly kind: string
  readonly enabled: boolean
  readonly ways: Set<string>
  /** rules of the organisation and resources that give the account past its ways in; listed only where someone holds them */
  readonly past: Set<string>
}

/** Rights over an account, or over what runs as it, that give it (rules `act_as`, `administer_account`, `run_as`). */
const rightsThatGive = (account: string): string[] =>
  ['administer', 'impersonate', 'mint_credentials', 'reset_authenticators'].map((right) => `right:${right}:${account}`)
const rightsThatRun = (resource: string): string[] =>
  ['administer', 'alter_infrastructure', 'change_code'].map((right) => `right:${right}:${resource}`)

function flawsOfAccounts({ accounts }: Report, { facts }: Inventory): Failure[] {
  const declared = new Map<string, Declared>()
  for (const { fact } of facts) {
    if (fact.fact !== 'account') continue
    declared.set(fact.id, {
      kind: fact.kind,
      enabled: fact.enabled !== false,
      ways: new Set(),
      past: new Set(rightsThatGive(fact.id)),
    })
  }
  for (const { fact } of facts) {
    if (fact.fact === 'wayIn' || fact.fact === 'session') declared.get(fact.account)?.ways.add(fact.id)
    else if (fact.fact === 'rule') declared.get(fact.then)?.past.add(fact.id)
    else if (fact.fact === 'resource')
      for (const account of fact.runsAs ?? [])
        for (const right of rightsThatRun(fact.id)) declared.get(account)?.past.add(right)
    else if (fact.fact === 'secret') for (const opened of fact.opens ?? []) declared.get(opened)?.ways.add(fact.id)
  }
  return accounts.flatMap((account) => flawsOfAccount(account, declared.get(account.id)))
}

function flawsOfAccount(account: Account, declared: Declared | undefined): Failure[] {
  const { id, kind, verdict, waysIn, capabilities, reach } = account
  if (declared === undefined) return []
  const flaws: Failure[] = []
  if (kind !== declared.kind) flaws.push(record(id, `it is called ${kind}, and the inventory says ${declared.kind}`))
  const worst = VERDICTS.find((word) => waysIn.some((way) => way.verdict === word))
  if (worst !== undefined && worst !== verdict)
    flaws.push(record(id, `the verdict is ${verdict}, and that of its worst way in is ${worst}`))
  if (worst === undefined && declared.enabled && verdict !== 'unknown')
    flaws.push(record(id, `the verdict is ${verdict}, and no way in is known, so it can only be unknown`))
  for (const way of repeated(waysIn.map((one) => one.id))) flaws.push(record(id, `way in \`${way}\` is listed twice`))
  const said = new Set(waysIn.map((way) => way.id))
  const open = declared.enabled ? declared.ways : new Set<string>()
  for (const way of open.difference(said)) flaws.push(record(id, `way in \`${way}\` is left out`))
  for (const way of said.difference(open).difference(declared.enabled ? declared.past : new Set()))
    flaws.push(record(id, `\`${way}\` is no way in of this account`))
  const reached = new Set(reach.capabilities.map(({ capability }) => capability))
  if (new Set(capabilities).symmetricDifference(reached).size > 0)
    flaws.push(record(id, 'the capabilities listed are not those of its reach'))
  return flaws
}

function flawsOfFindings({ findings, accounts }: Report, { facts }: Inventory): Failure[] {
  const byId = new Map(accounts.map((account) => [account.id, account]))
  const known = new Set<string>()
  for (const { fact } of facts) addStrings(fact, known)
  return [
    ...repeated(findings.map(({ id }) => id)).map((id) => record(id, 'two findings have this id')),
    ...outOfOrder(findings),
    ...findings.flatMap((finding) => flawsOfFinding(finding, byId.get(finding.account), known)),
  ]
}

function flawsOfFinding(finding: Finding, account: Account | undefined, known: ReadonlySet<string>): Failure[] {
  const { id, wayIn, exception, proof } = finding
  if (account === undefined) return [record(id, `its account \`${finding.account}\` is not in the report`)]
  const flaws: Failure[] = []
  if (wayIn !== null && !account.waysIn.some((way) => way.id === wayIn))
    flaws.push(record(id, `\`${wayIn}\` is no way in of \`${account.id}\``))
  if (exception !== null && !known.has(exception))
    flaws.push(record(id, `the inventory knows nothing called \`${exception}\``))
  for (const fact of proof.facts)
    if (!known.has(fact)) flaws.push(record(id, `the inventory knows nothing called \`${fact}\``))
  return flaws
}

/** Every string that a fact holds: its id, and those that it names, which may be declared nowhere. */
function addStrings(value: unknown, into: Set<string>): void {
  if (typeof value === 'string') into.add(value)
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) addStrings(inner, into)
}

/** Findings come worst first. */
function outOfOrder(findings: readonly Finding[]): Failure[] {
  return findings.flatMap((finding, at) => {
    const before = findings[at - 1]
    const rises = before !== undefined && SEVERITIES.indexOf(finding.severity) > SEVERITIES.indexOf(before.severity)
    return rises ? [record(finding.id, `${finding.severity} comes after ${before.severity}`)] : []
  })
}

function flawsOfSummary({ summary, accounts, findings }: Report): Failure[] {
  const people = accounts.filter(({ kind }) => kind === 'human')
  const matrix = tableBy(
    people,
    ({ impact }) => impact,
    ({ effectiveStrength }) => effectiveStrength ?? 'unknown',
  )
  const conformance = tableBy(
    accounts.flatMap((account) => account.conformance),
    ({ profile }) => profile,
    ({ status }) => status,
  )
  return [
    ...differs('accounts', summary.accounts, accounts.length),
    ...differs('humans', summary.humans, people.length),
    ...differs('nonHumans', summary.nonHumans, accounts.length - people.length),
    ...differs('findings', summary.findings, findings.length),
    ...differs('weakerThanTheyLook', summary.weakerThanTheyLook, people.filter(weakerThanItLooks).length),
    ...countsDiffer(
      'verdicts',
      summary.verdicts,
      countBy(accounts, ({ verdict }) => verdict),
    ),
    ...countsDiffer(
      'bySeverity',
      summary.bySeverity,
      countBy(findings, ({ severity }) => severity),
    ),
    ...countsDiffer(
      'byCode',
      summary.byCode,
      countBy(findings, ({ code }) => code),
    ),
    ...tableDiffers('matrix', summary.matrix, matrix),
    ...tableDiffers('conformance', summary.conformance, conformance),
    ...flawsOfAttackers(summary.attackers, accounts),
  ]
}

function flawsOfAttackers(attackers: Report['summary']['attackers'], accounts: readonly Account[]): Failure[] {
  const known = new Set(attackers.map(({ attacker }) => attacker))
  const unknown = accounts.filter(({ fallsTo }) => fallsTo.some(({ attacker }) => !known.has(attacker)))
  return [
    ...unknown.map(({ id }) => record(id, 'it falls to an attacker that the summary does not know')),
    ...attackers.flatMap(({ attacker, accounts: said, highImpact }) => {
      const fallen = accounts.filter(({ fallsTo }) => fallsTo.some((fall) => fall.attacker === attacker))
      const high = fallen.filter(({ impact }) => impact === 'high')
      return [
        ...differs(`attackers \`${attacker}\``, said, fallen.length),
        ...differs(`attackers \`${attacker}\`, high impact`, highImpact, high.length),
      ]
    }),
  ]
}

const weakerThanItLooks = ({ effectiveStrength: effective, nominalStrength: nominal }: Account): boolean =>
  effective !== null && nominal !== null && STRENGTHS.indexOf(effective) < STRENGTHS.indexOf(nominal)

function countBy<T>(things: readonly T[], wordOf: (thing: T) => string): Counts {
  const counts = new Map<string, number>()
  for (const thing of things) counts.set(wordOf(thing), (counts.get(wordOf(thing)) ?? 0) + 1)
  return Object.fromEntries(counts)
}

/** Counts by column within each row; built by entries, so that no name of a row can be special. */
function tableBy<T>(things: readonly T[], rowOfThing: (thing: T) => string, columnOf: (thing: T) => string): Table {
  const rows = Map.groupBy(things, rowOfThing)
  return Object.fromEntries(Array.from(rows, ([row, alike]) => [row, countBy(alike, columnOf)]))
}

const repeated = (ids: readonly string[]): string[] => {
  const seen = new Set<string>()
  return ids.filter((id) => seen.size === seen.add(id).size)
}

const differs = (what: string, said: number, counted: number): Failure[] =>
  said === counted ? [] : [record('summary', `${what}: it says ${said}, and there are ${counted}`)]

/** A count of zero may be left out. */
const countOf = (counts: Counts | undefined, word: string): number =>
  counts !== undefined && Object.hasOwn(counts, word) ? (counts[word] ?? 0) : 0

const countsDiffer = (what: string, said: Counts, counted: Counts): Failure[] =>
  [...new Set([...Object.keys(said), ...Object.keys(counted)])].flatMap((word) =>
    differs(`${what} \`${word}\``, countOf(said, word), countOf(counted, word)),
  )

type Table = Readonly<Record<string, Counts>>
const rowOf = (table: Table, row: string): Counts => (Object.hasOwn(table, row) ? (table[row] ?? {}) : {})

const tableDiffers = (what: string, said: Table, counted: Table): Failure[] =>
  [...new Set([...Object.keys(said), ...Object.keys(counted)])].flatMap((row) =>
    countsDiffer(`${what} \`${row}\``, rowOf(said, row), rowOf(counted, row)),
  )
