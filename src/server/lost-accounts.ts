import type { LiveAnalysis } from '#analysis/live.ts'
import { AmbitError } from '#lib/errors.ts'

/**
 * Refuses facts that leave out more of the accounts there are than may go at once: an export that broke off looks like one from
 * which they were withdrawn, and accounts that nobody knows are denied everything.
 *
 * @param before null where nothing is known of the accounts there are but their number: then as many are lost as there are fewer
 * @param accounts how many accounts there are
 * @param maxLoss share of the accounts, from 0 to 1
 * @throws {AmbitError} `accounts_lost`
 */
export function refuseLoss(before: LiveAnalysis | null, accounts: number, next: LiveAnalysis, maxLoss: number): void {
  const kept = new Set(next.accountIds())
  const lost = before === null ? accounts - kept.size : [...before.accountIds()].filter((id) => !kept.has(id)).length
  if (lost <= maxLoss * accounts) return
  const message =
    `${lost} of the ${accounts} accounts that there are would be gone, more than the share of ${maxLoss} that may go at once; ` +
    'see that the export is whole. Where they are to go, send it again with `?maxLoss=1`; of a folder, start once with `inventory.maxLoss: 1`'
  throw new AmbitError('accounts_lost', message, { lost, accounts })
}
