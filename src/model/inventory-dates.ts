/** Dates and times of facts: which exist, and which instant they are. */
import { DATE_PATTERN } from './facts.ts'

const SHAPE = new RegExp(DATE_PATTERN)
const PARTS = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?(?:Z|[+-](\d{2}):(\d{2})))?$/

/**
 * The instant of an RFC 3339 date or time, in milliseconds since 1970; a date alone is its first moment in UTC.
 * Undefined for anything else, and for days and times that do not exist (30 February, 25 o'clock).
 */
export function instantOf(text: string): number | undefined {
  if (!SHAPE.test(text)) return undefined
  const parts = PARTS.exec(text)
  if (!parts) return undefined
  const [year, month, day, hour, minute, second, offsetHour, offsetMinute] = parts
    .slice(1)
    .map((part) => Number(part ?? 0))
  if (!inRange(month, 1, 12) || !inRange(day, 1, daysOf(year ?? 0, month ?? 0))) return undefined
  if (!inRange(hour, 0, 23) || !inRange(minute, 0, 59) || !inRange(second, 0, 59)) return undefined
  if (!inRange(offsetHour, 0, 23) || !inRange(offsetMinute, 0, 59)) return undefined
  const instant = Date.parse(text)
  return Number.isNaN(instant) ? undefined : instant
}

const inRange = (value: number | undefined, least: number, most: number) =>
  value !== undefined && value >= least && value <= most

/** Days of a month, by the Gregorian calendar; month from 1. */
function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
