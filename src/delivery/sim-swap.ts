/**
 * Asks the operator of a phone number whether its card was changed lately (CAMARA SIM Swap 1.0, `POST /check`), before a code goes to
 * it. Only a plain `"swapped": false` speaks for the number; whatever else comes back, or nothing, is unknown.
 */
import type { CheckSimChange } from '#authn/ports.ts'
import type { Clock } from '#lib/clock.ts'

/** Asks another server; rejects where it cannot be had. */
export type Ask = (
  url: string,
  question: { readonly method: 'POST'; readonly headers: Readonly<Record<string, string>>; readonly body: string },
) => Promise<{ readonly status: number; readonly body: string }>

/** How the operator, or whoever speaks for several, is asked. */
export interface SimSwapSettings {
  /** base of the API, e.g. `https://api.example/sim-swap/v1`; `/check` is added */
  readonly url: string
  /** hours within which a change counts, 1 to 2400; CAMARA's own default is 240 */
  readonly maxAgeHours: number
  readonly auth:
    | { readonly token: string }
    /** OAuth client credentials (RFC 6749 §4.4), sent by HTTP Basic */
    | { readonly tokenUrl: string; readonly clientId: string; readonly clientSecret: string; readonly scope: string }
}

export interface SimSwapParts {
  readonly settings: SimSwapSettings
  readonly ask: Ask
  readonly clock: Clock
  /** hears why nothing is known; never given a number or a token */
  readonly onTrouble: (what: string, error: unknown) => void
}

/** Milliseconds before its end at which a token is fetched anew, and for which one is kept that does not say when it ends. Ours. */
const MARGIN_MS = 30_000
const UNDATED_MS = 60_000

export function simSwapCheck(parts: SimSwapParts): CheckSimChange {
  const { settings, ask, onTrouble } = parts
  const tokens = tokensFrom(parts)
  const url = `${settings.url.replace(/\/$/, '')}/check`
  return async (phone) => {
    try {
      const { text, forget } = await tokens()
      const answer = await ask(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${text}`, 'content-type': 'application/json' },
        body: JSON.stringify({ phoneNumber: phone, maxAge: settings.maxAgeHours }),
      })
      if (answer.status === 401) forget()
      if (answer.status !== 200) throw new Error(`the answer has status ${answer.status}`)
      const swapped = memberOf(answer.body, 'swapped')
      if (typeof swapped !== 'boolean') throw new Error('the answer does not say whether it was swapped')
      return swapped ? 'changed' : 'unchanged'
    } catch (error) {
      onTrouble('nothing is known of the card of a number, so no code goes to it', error)
      return 'unknown'
    }
  }
}

interface Token {
  readonly text: string
  /** the operator does not take it any more */
  readonly forget: () => void
}

function tokensFrom({ settings: { auth }, ask, clock }: SimSwapParts): () => Promise<Token> {
  if ('token' in auth) return async () => ({ text: auth.token, forget: () => {} })
  let kept: { readonly text: string; readonly until: number } | null = null
  const forget = () => void (kept = null)
  return async () => {
    if (kept !== null && kept.until > clock()) return { text: kept.text, forget }
    const { tokenUrl, clientId, clientSecret, scope } = auth
    // RFC 6749 §2.3.1: both are form-encoded before they go into the header
    const pair = [clientId, clientSecret].map((each) => new URLSearchParams({ x: each }).toString().slice(2)).join(':')
    const { status, body } = await ask(tokenUrl, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope }).toString(),
    })
    const text = memberOf(body, 'access_token')
    if (status !== 200 || typeof text !== 'string' || text === '') throw new Error(`no token was given (${status})`)
    const seconds = memberOf(body, 'expires_in')
    const lasts = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 - MARGIN_MS : UNDATED_MS
    kept = { text, until: clock() + lasts }
    return { text, forget }
  }
}

function memberOf(body: string, name: string): unknown {
  const value: unknown = JSON.parse(body)
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
