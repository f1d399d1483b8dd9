import { title } from './words.ts'

/** What findings of a code have in common, in a few words. A code that is not listed is read out as it is. */
const TITLES: Readonly<Record<string, string>> = {}

/** The heading of a code. */
export const findingTitle = (code: string): string => (Object.hasOwn(TITLES, code) ? TITLES[code]! : title(code))
