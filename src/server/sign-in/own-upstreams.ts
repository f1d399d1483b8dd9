/**
 * Linking somebody at another provider to one's own account here. What comes back from there is shown and agreed to before it counts:
 * a browser may be signed in there as somebody else, and whoever that is would be let in here from then on.
 */
import type { Keyring } from '#authn/keyring.ts'
import type { ChangedIn, Identifier } from '#authn/stores.ts'
import type { VerifiedToken } from '#authn/token.ts'
import { upstreamName } from '#authn/upstream.ts'
import { newId } from '#lib/ids.ts'
import type { PeopleParts } from './parts.ts'
import { errandFor, sendUpstream, type UpstreamProvider } from './upstream.ts'

/** Links of one account; each is one more way in. */
const MOST = 5
/** Seconds that a sign-in there may be old: as long as a proof here is good for changes. */
const LONGEST_AGE = 300
/** Milliseconds to agree. */
const TTL_MS = 300_000

/** What came back from there, as the form that agrees to it says it again. */
interface Found {
  readonly id: string
  readonly account: string
  /** hash of the browser's handle */
  readonly browser: string
  readonly provider: string
  readonly canonical: string
  /** what it is called there */
  readonly who: string
  readonly expiresAt: number
}

/** Where the browser goes to be signed in there anew; null where that cannot be asked now. */
export const beginLink = (
  parts: PeopleParts,
  provider: UpstreamProvider,
  browser: string,
  to: { readonly to: 'link'; readonly session: string } | { readonly to: 'enrol'; readonly leave: string },
): Promise<string | null> =>
  sendUpstream(parts, provider, {
    browser,
    errand: errandFor(to, { maxAge: LONGEST_AGE, anew: true, now: parts.tools.clock() }),
    strength: 'none',
    anew: true,
  })

/** What the person is shown, and the sealed form of it. */
export function foundLink(
  { tools: { keyring, clock } }: PeopleParts,
  token: VerifiedToken,
  { account, browser, provider }: Pick<Found, 'account' | 'browser' | 'provider'>,
): { readonly who: string; readonly sealed: string } {
  const { claims, issuer } = token
  const said = [claims['preferred_username'], claims['email'], claims.sub].find(
    (each): each is string => typeof each === 'string' && each.length > 0,
  )
  const who = (said ?? '').slice(0, 100)
  const canonical = upstreamName(issuer.issuer, String(claims.sub))
  const found: Found = {
    id: newId('lk'),
    account,
    browser,
    provider,
    canonical,
    who,
    expiresAt: clock() + TTL_MS,
  }
  const payload = Buffer.from(JSON.stringify(found)).toString('base64url')
  return { who, sealed: `${payload}.${keyring.mac('link', 'upstream', payload)}` }
}

function openFound(keyring: Keyring, text: string | undefined): Found | null {
  const [payload = '', ...mac] = (text ?? '').slice(0, 4096).split('.')
  return keyring.holds(mac.join('.'), 'link', 'upstream', payload)
    ? (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Found)
    : null
}

/** `own`: it was linked to this account before; `other`: it is linked to another one */
export type LinkOutcome = 'linked' | 'refused' | 'own' | 'other'

/** Links what was shown in this browser to the account that it was shown to, once. It is worth no more than the session or pass by which it is linked. */
export async function confirmLink(
  parts: PeopleParts,
  text: string | undefined,
  it: { readonly account: string; readonly browser: string; readonly boundAtAal: number; readonly session: ChangedIn },
): Promise<{ readonly outcome: LinkOutcome; readonly name: string }> {
  const { tools, identifiers, upstreams, links } = parts
  const now = tools.clock()
  const found = openFound(tools.keyring, text)
  const provider = upstreams.list.find(({ id }) => id === found?.provider)
  const no = (outcome: LinkOutcome) => ({ outcome, name: provider?.name ?? '' })
  if (found === null || provider === undefined || found.account !== it.account || found.browser !== it.browser)
    return no('refused')
  if (now >= found.expiresAt || !(await links.use(found.id, found.expiresAt, now))) return no('refused')
  const own = (await identifiers.listOf(it.account)).filter(({ kind }) => kind === 'upstream')
  if (own.some(({ canonical }) => canonical === found.canonical)) return no('own')
  if (own.length >= MOST) return no('refused')
  const link: Identifier = {
    kind: 'upstream',
    canonical: found.canonical,
    shown: `${provider.issuer.trusted.issuer} ${found.who}`,
    account: it.account,
    verifiedAt: now,
    addedAt: now,
    boundAtAal: it.boundAtAal,
  }
  return no((await identifiers.add(link, it.session)) ? 'linked' : 'other')
}
