import { title } from './words.ts'

const TITLES: Readonly<Record<string, string>> = {}

/** The heading of a code. */
export const findingTitle = (code: string): string => (Object.hasOwn(TITLES, code) ? TITLES[code]! : title(code))
