import { analyse } from '#analysis/analyse.ts'
import type { Account, Finding, Report } from '#contract/report.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import { readInventory } from '#importers/read.ts'
import type { Inventory } from '#model/facts.ts'
import { checkInventory, refuseErrors, type CheckedInventory } from '#model/inventory.ts'

const policy = await readPolicyFile()

/** An inventory written in a test, read as a user's file would be. */
export function inventoryOf(text: string): Promise<Inventory> {
  return readInventory([{ name: 'test.yaml', bytes: new TextEncoder().encode(text) }], () => [])
}

/** The same, checked; what is wrong with it fails the test. */
export async function checkedOf(text: string): Promise<CheckedInventory> {
  const checked = checkInventory(await inventoryOf(text))
  refuseErrors(checked.diagnostics)
  return checked
}

/** The report of an inventory written in a test, under the default policy. */
export async function reportOf(text: string): Promise<Report> {
  return analyse(await checkedOf(text), policy)
}

/** One account of a report; absent is a fault of the test. */
export function accountIn(report: Report, id: string): Account {
  const account = report.accounts.find((each) => each.id === id)
  if (account === undefined) throw new Error(`no account ${id} in the report`)
  return account
}

/** Codes of the findings on one account, sorted, each once. */
export function codesOf(report: Report, account: string): string[] {
  return [...new Set(report.findings.filter((each) => each.account === account).map(({ code }) => code))].toSorted()
}

export function findingIn(report: Report, code: string, account: string): Finding {
  const finding = report.findings.find((each) => each.code === code && each.account === account)
  if (finding === undefined)
    throw new Error(`no ${code} on ${account}; there are ${codesOf(report, account).join(', ') || 'none'}`)
  return finding
}
