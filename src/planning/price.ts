import type { Price } from '#contract/plan.ts'
import type { ChangeKind } from '#contract/vocabulary.ts'
import type { Costs } from '#policy/policy.ts'

/** Weeks of the first year, over which prompts are counted. */
const WEEKS = 52

/**
 * What a change costs over the first year.
 *
 * @param accounts  how many accounts it covers
 * @param times     how many times dearer the setting up is than usual
 */
export function priceOf(costs: Costs, kind: ChangeKind, accounts: number, times: number = 1): Price {
  const {
    setup = 0,
    perAccount = 0,
    promptsPerWeek = 0,
    recoveriesPerYear = 0,
    spendPerAccount = 0,
  } = costs.changes[kind]
  const setupHours = (setup + perAccount * accounts) * times
  const prompts = promptsPerWeek * accounts
  const recoveries = recoveriesPerYear * accounts
  const spend = spendPerAccount * accounts
  const hours =
    setupHours +
    (prompts * WEEKS * costs.promptSeconds) / 3600 +
    recoveries * costs.hoursPerRecovery +
    spend / costs.spendPerHour
  return {
    hours: rounded(hours),
    setupHours: rounded(setupHours),
    promptsPerWeek: rounded(prompts),
    recoveriesPerYear: rounded(recoveries),
    spend: rounded(spend),
  }
}

/** To a hundredth: more would say more than anyone knows. */
const rounded = (value: number): number => Math.round(value * 100) / 100
