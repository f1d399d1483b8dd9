/** What is written after an option, as values; shared by all commands. */
import { InvalidArgumentError } from 'commander'

/** An RFC 3339 date or time, as it was written. Throws InvalidArgumentError. */
export function timeArgument(word: string): string {
  if (!/^\d{4}-\d{2}-\d{2}(T.*)?$/.test(word) || Number.isNaN(Date.parse(word))) {
    throw new InvalidArgumentError('write it like 2026-11-01 or 2026-11-01T00:00:00Z.')
  }
  return word
}

/** A reader of whole numbers of at least `least`; what it returns throws InvalidArgumentError. */
export function countFrom(least: number): (word: string) => number {
  return (word) => {
    const count = /^\d+$/.test(word) ? Number(word) : NaN
    if (!Number.isSafeInteger(count) || count < least) {
      throw new InvalidArgumentError(`write a whole number of ${least} or more.`)
    }
    return count
  }
}

/** Gathers what a repeated option brings. */
export const collected = (value: string, before: readonly string[]): string[] => [...before, value]
