/** Which telephone numbers a code may go to: mobiles of the countries that are served, and nothing that somebody earns money with. */
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'

export type PhoneProblem =
  /** no number of the plan of its country */
  | 'not_a_number'
  /** satellites, international networks and premium rates of no country (ITU-T E.164 §6.2.2) */
  | 'no_country'
  /** a landline, a premium number, or one of the internet, which proves possession of nothing (SP 800-63B-4 §3.1.3.1) */
  | 'not_mobile'
  | 'country_not_served'

/** Kinds of number that a mobile may have. In some plans, such as North America's, mobiles cannot be told from landlines. */
const MOBILE: readonly unknown[] = ['MOBILE', 'FIXED_LINE_OR_MOBILE']

/** What speaks against sending a code to a canonical number; null for nothing. `countries` are keyed by ISO 3166-1 alpha-2. */
export function phoneProblem(number: string, countries: Readonly<Record<string, number>>): PhoneProblem | null {
  const parsed = parsePhoneNumberFromString(number)
  if (parsed === undefined || parsed.number !== number || !parsed.isValid()) return 'not_a_number'
  if (parsed.country === undefined) return 'no_country'
  if (!MOBILE.includes(parsed.getType())) return 'not_mobile'
  return Object.hasOwn(countries, parsed.country) ? null : 'country_not_served'
}

/** ISO 3166-1 alpha-2; its calling code where it is of no country. */
export function countryOf(number: string): string {
  const parsed = parsePhoneNumberFromString(number)
  return parsed?.country ?? `+${parsed?.countryCallingCode ?? '?'}`
}
