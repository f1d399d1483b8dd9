/**
 * How often a factor of an account may be guessed. The count goes up, durably, before anything is compared, by one conditional
 * update: however many try at once, no more than the budget are compared.
 */

/** A budget in failures. */
export interface Budget {
  readonly perHour: number
  readonly perDay: number
  /**
   * without a success between; then the authenticator is suspended (SP 800-63B-4 §3.2.2 sets 100 as the most; PCI DSS
   * 4.0.1 §8.3.4 asks for a lock after 10 at most, which `perHour` gives)
   */
  readonly inARow: number
}

/** Five an hour and twenty a day keep the odds of a guess below 0.03 % over the hundred that end it. */
export const DEFAULT_BUDGET: Budget = { perHour: 5, perDay: 20, inARow: 100 }

/**
 * Whose guesses are counted together. A browser in which the account has signed in before has a budget of its own, so that a stranger
 * cannot use up the owner's.
 */
export const POOLS = ['known', 'strange'] as const
export type Pool = (typeof POOLS)[number]
