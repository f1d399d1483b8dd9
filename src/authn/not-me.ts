/**
 * The link "it was not me" in a notice. What it says is under a MAC; opening its page does nothing, since scanners of mail open
 * every link; the form on the page uses it up.
 */
import { newId } from '#lib/ids.ts'
import type { Keyring } from './keyring.ts'

/** What a link says. */
export interface NotMe {
  /** of this one link; used once */
  readonly id: string
  readonly account: string
  /** what was told: the template of the notice */
  readonly notice: string
  /** channel and canonical address that were told, such as `mail ada@example.org` */
  readonly told: string
  /** milliseconds since 1970 */
  readonly at: number
  readonly expiresAt: number
}

/** A link, by what it is once; kept until it would be refused for its age anyway (milliseconds since 1970). */
export interface UsedLink {
  readonly id: string
  readonly expiresAt: number
}

/** What storage promises: true exactly once for an id, on all nodes together. */
export interface UsedLinkStore {
  readonly use: (id: string, expiresAt: number, now: number) => Promise<boolean>
}

/** Seven days: people read such mail late; longer than the longest wait of a recovery that it could still stop. Ours. */
export const NOT_ME_TTL_MS = 7 * 86_400_000
/** Longest token that is looked at. */
const LONGEST = 4000

/** Path of the page that the link leads to; its query has the token as `t`. */
export const NOT_ME_PATH = '/not-me'

/** A token for one notice to one address. */
export function notMeToken(keyring: Keyring, notice: Pick<NotMe, 'account' | 'notice' | 'told'>, now: number): string {
  const said: NotMe = { id: newId('nm'), ...notice, at: now, expiresAt: now + NOT_ME_TTL_MS }
  const payload = Buffer.from(JSON.stringify(said)).toString('base64url')
  return `${payload}.${keyring.mac('link', 'not_me', payload)}`
}

/** What a token says; null for one that is not ours, was changed, or is too old. Uses nothing up. */
export function notMeOf(keyring: Keyring, token: unknown, now: number): NotMe | null {
  if (typeof token !== 'string' || token.length > LONGEST) return null
  const [payload = '', ...mac] = token.split('.')
  if (!keyring.holds(mac.join('.'), 'link', 'not_me', payload)) return null
  // nobody but us can have written it
  const said = JSON.parse(Buffer.from(payload, 'base64url').toString()) as NotMe
  return said.at <= now && now < said.expiresAt ? said : null
}
