/** What a report says about itself, counted again: no engine and no policy is needed to find these wrong. */
import type { Account, Finding, Report } from '#contract/report.ts'
import { SEVERITIES, VERDICTS, type Severity } from '#contract/vocabulary.ts'
import type { Inventory } from '#model/facts.ts'
import { record, type Failure } from './failure.ts'
import { newTally } from './tally.ts'

/**
 * A recount that goes along with a report: its diagnostics, then its accounts, then its findings, then its summary. Of an account it keeps the
 * ids of it and of its ways in, of a finding its id.
 */
export interface Recount {
  readonly diagnostic: () => void
  /** what the account says that the inventory or itself contradicts */
  readonly account: (account: Account) => Failure[]
  readonly finding: (finding: Finding) => Failure[]
  /** what is missing from the report, and what its summary says otherwise than it was counted */
  readonly summary: (summary: Report['summary']) => Failure[]
}

/** The recount of a report of this inventory, of which nothing has been read. */
export function recountOf(inventory: Inventory): Recount {
  const declared = declaredIn(inventory)
  const known = new Set<string>()
  for (const { fact } of inventory.facts) addStrings(fact, known)
  const waysOf = new Map<string, readonly string[]>()
  const findings = new Set<string>()
  const tally = newTally()
  let before: Severity | undefined
  return {
    diagnostic: tally.diagnostic,
    account(account) {
      const { id } = account
      const flaws: Failure[] = []
      if (waysOf.has(id)) flaws.push(record(id, 'the account is in the report more than once'))
      waysOf.set(
        id,
        account.waysIn.map((way) => way.id),
      )
      tally.account(account)
      const facts = declared.get(id)
      if (facts === undefined) return [...flaws, record(id, 'the account is not in the inventory')]
      return [...flaws, ...flawsOfAccount(account, facts)]
    },
    finding(finding) {
      const { id, severity } = finding
      const flaws: Failure[] = []
      if (findings.has(id)) flaws.push(record(id, 'two findings have this id'))
      findings.add(id)
      // findings come worst first
      if (before !== undefined && SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(before))
        flaws.push(record(id, `${severity} comes after ${before}`))
      before = severity
      tally.finding(finding)
      return [...flaws, ...flawsOfFinding(finding, waysOf.get(finding.account), known)]
    },
    summary(summary) {
      const missing = [...declared.keys()].filter((id) => !waysOf.has(id))
      return [
        ...missing.map((id) => record(id, 'the account is in the inventory and not in the report')),
        ...tally.flawsOf(summary),
      ]
    },
  }
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

function declaredIn({ facts }: Inventory): Map<string, Declared> {
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
  return declared
}

function flawsOfAccount(account: Account, declared: Declared): Failure[] {
  const { id, kind, verdict, waysIn, capabilities, reach } = account
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

function flawsOfFinding(
  { id, account, wayIn, exception, proof }: Finding,
  ways: readonly string[] | undefined,
  known: ReadonlySet<string>,
): Failure[] {
  if (ways === undefined) return [record(id, `its account \`${account}\` is not in the report`)]
  const flaws: Failure[] = []
  if (wayIn !== null && !ways.includes(wayIn)) flaws.push(record(id, `\`${wayIn}\` is no way in of \`${account}\``))
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

const repeated = (ids: readonly string[]): string[] => {
  const seen = new Set<string>()
  return ids.filter((id) => seen.size === seen.add(id).size)
}
