/** What a client may ask of a session, and whether a session has it: `acr_values`, an essential `acr`, and `max_age`. */
import { rankOf } from '#assurance/strength.ts'
import { parseJson } from '#importers/read-json.ts'
import { jsonBody } from '#server/json-bodies.ts'
import type { Shown } from '#authn/session.ts'
import { ACR_OF_STRENGTH } from '#contract/decision.ts'
import { STRENGTHS, type Strength } from '#contract/vocabulary.ts'

/** Every `acr` that is known here; a stronger one contains a weaker. */
const STRENGTH_OF_ACR: ReadonlyMap<string, Strength> = new Map(
  STRENGTHS.flatMap((strength) => ACR_OF_STRENGTH[strength].map((acr) => [acr, strength] as const)),
)

/** In the order of discovery: strongest first. */
export const ACR_VALUES: readonly string[] = STRENGTHS.toReversed().flatMap((strength) => ACR_OF_STRENGTH[strength])

export interface AskedAssurance {
  /** any one will do; null where nothing is asked */
  readonly acceptable: readonly Strength[] | null
  /** seconds; null where nothing is asked */
  readonly maxAge: number | null
}

/** What a request asks in its parameters. */
export interface AssuranceParameters {
  readonly acrValues: string | undefined
  /** `claims.id_token.acr` */
  readonly acrClaim:
    | { readonly essential?: unknown; readonly value?: unknown; readonly values?: unknown }
    | null
    | undefined
  readonly maxAge: number | undefined
}

/** Reads the parameters of an authorization request, or those that an interaction keeps of it. */
export function assuranceParameters(params: Readonly<Record<string, unknown>>): AssuranceParameters {
  const { acr_values: acrValues, claims, max_age: maxAge } = params
  return {
    acrValues: typeof acrValues === 'string' ? acrValues : undefined,
    acrClaim: acrClaimOf(claims),
    maxAge: maxAge === undefined || maxAge === null ? undefined : Number(maxAge),
  }
}

/** What is wrong with `claims` as JSON, which whoever else reads the request might take otherwise; null for nothing. */
export function faultOfClaims(claims: unknown): string | null {
  const parsed = typeof claims === 'string' ? parseJson(claims) : null
  return parsed !== null && 'fault' in parsed ? parsed.fault.message : null
}

function acrClaimOf(claims: unknown): AssuranceParameters['acrClaim'] {
  const read: unknown = typeof claims === 'string' ? jsonBody(claims) : claims // its syntax was checked before
  if (typeof read !== 'object' || read === null || !('id_token' in read)) return null
  const { id_token: idToken } = read
  if (typeof idToken !== 'object' || idToken === null || !('acr' in idToken)) return null
  return typeof idToken.acr === 'object' ? idToken.acr : null
}

/**
 * Reads what is asked. `acr_values` is taken as necessary, as RFC 9470 §5 wants it; where the claim asks as well, both must be met.
 * Values that are not known here are passed over as long as one is known; if none is, nothing can meet them and `acceptable` is empty.
 */
export function asked({ acrValues, acrClaim, maxAge }: AssuranceParameters): AskedAssurance {
  const named = acrValues === undefined || acrValues.trim() === '' ? null : known(acrValues.trim().split(/ +/))
  const claim = acrClaim ?? {}
  const claimed =
    claim.essential !== true || (claim.value === undefined && claim.values === undefined)
      ? null
      : known([claim.value, ...(Array.isArray(claim.values) ? claim.values : [])])
  const both =
    named === null
      ? claimed
      : claimed === null
        ? named
        : [...new Set([...named, ...claimed])].filter((each) => satisfies(each, named) && satisfies(each, claimed))
  return { acceptable: both, maxAge: maxAge ?? null }
}

const known = (values: readonly unknown[]): Strength[] =>
  values.flatMap((value) => (typeof value === 'string' ? (STRENGTH_OF_ACR.get(value) ?? []) : []))

/** A session of at least the weakest acceptable strength has it. */
const satisfies = (strength: Strength, acceptable: readonly Strength[]): boolean =>
  acceptable.some((each) => rankOf(strength) >= rankOf(each))

/** Both at once. */
export function stricter(one: AskedAssurance, other: AskedAssurance | null): AskedAssurance {
  if (other === null) return one
  const least = ({ acceptable }: AskedAssurance): number => Math.min(...(acceptable ?? ['none' as const]).map(rankOf))
  const ages = [one.maxAge, other.maxAge].filter((age) => age !== null)
  return {
    acceptable: least(one) >= least(other) ? one.acceptable : other.acceptable,
    maxAge: ages.length === 0 ? null : Math.min(...ages),
  }
}

/** Whether what a session shows is what was asked. `now` in seconds. Nothing shown is enough for nothing asked. */
export function meets(shown: Shown, { acceptable, maxAge }: AskedAssurance, now: number): boolean {
  if (acceptable !== null && !satisfies(shown.strength, acceptable)) return false
  if (maxAge === null) return true
  return shown.authTime !== null && now - shown.authTime <= maxAge && shown.authTime <= now
}

/**
 * The `acr` to say: the first word of those asked for that the session has, so that a client finds the word it sent; else our own. A
 * stronger session may say the weaker word, never the other way round.
 */
export function acrSaid({ strength, acr }: Shown, { acrValues, acrClaim }: AssuranceParameters): string | null {
  const claim = acrClaim ?? {}
  const words: readonly unknown[] = [
    ...(acrValues?.trim().split(/ +/) ?? []),
    claim.value,
    ...(Array.isArray(claim.values) ? claim.values : []),
  ]
  const found = words.find((word): word is string => {
    const meant = typeof word === 'string' ? STRENGTH_OF_ACR.get(word) : undefined
    return meant !== undefined && rankOf(strength) >= rankOf(meant)
  })
  return found ?? acr
}
