/** What every form of the pages must show before anything is done with it: that this very browser was given this very form. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Keyring } from '#authn/keyring.ts'
import { parseJson } from '#importers/read-json.ts'
import { AmbitError } from '#lib/errors.ts'
import { newId, newSecret } from '#lib/ids.ts'
import { browserCookie, browserOf, hashOf } from '#server/provider/cookies.ts'

/** The browser's handle, as its hash; a browser that has none is given one with the answer. */
export function browserHandle(request: FastifyRequest, reply: FastifyReply): string {
  const known = browserOf(request.headers.cookie)
  if (known !== null) return known
  const handle = newSecret()
  reply.header('set-cookie', browserCookie(handle))
  return hashOf(handle)
}

/** For the forms of one page as it is drawn now: no two pages have the same, so that whoever draws one knows nothing of another's. */
export function formToken(keyring: Keyring, place: string, browser: string): string {
  const page = newId('pg')
  return `${page}.${keyring.mac('handle', 'form', place, browser, page)}`
}

function isOfForm(keyring: Keyring, token: string, place: string, browser: string): boolean {
  const [page = '', ...mac] = token.split('.')
  return keyring.holds(mac.join('.'), 'handle', 'form', place, browser, page)
}

/** Fields of a form: text only, each once. */
export type Fields = Readonly<Record<string, string>>

/**
 * Returns the fields of a form that was posted from our own page in this browser.
 *
 * @throws {AmbitError} `forbidden` for anything else: another origin (RFC 6454), another browser, no token, a page too old
 */
export function postedForm(
  request: FastifyRequest,
  { keyring, place, origin }: { readonly keyring: Keyring; readonly place: string; readonly origin: string },
): { readonly fields: Fields; readonly browser: string } {
  const refuse = (): never => {
    throw new AmbitError(
      'forbidden',
      'the form did not come from this page in this browser; go back and load the page anew',
    )
  }
  const sentFrom = request.headers.origin
  if (sentFrom !== undefined && sentFrom !== origin) refuse()
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') refuse()
  const browser = browserOf(request.headers.cookie)
  if (browser === null) return refuse()
  const { body } = request
  if (typeof body !== 'object' || body === null) return refuse()
  // a field that comes twice is an array, and stands for nothing
  const fields = Object.fromEntries(
    Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
  if (!isOfForm(keyring, fields['form'] ?? '', place, browser)) refuse()
  return { fields, browser }
}

/** A field that holds JSON; null where it does not, or where a member stands twice in it. */
export function parsedField(text: string | undefined): unknown {
  const parsed = parseJson(text ?? '')
  return 'value' in parsed ? parsed.value : null
}
