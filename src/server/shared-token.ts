/** A token that the configuration gives to one other server, which calls here. */
import { createHash, timingSafeEqual } from 'node:crypto'

const NOBODY = 'nobody has this token'

/** Whether the header shows the token as Bearer, or, for who can do no more, as the password of HTTP Basic; never where there is no token. */
export function isSharedToken(
  header: string | undefined,
  token: string | undefined,
  { orBasic = false }: { readonly orBasic?: boolean } = {},
): boolean {
  const [, scheme = '', sent = ''] = /^(Bearer|Basic) +(\S+)$/i.exec(header ?? '') ?? []
  const isBasic = /^basic$/i.test(scheme)
  const said = isBasic
    ? Buffer.from(sent, 'base64')
        .toString()
        .replace(/^[^:]*:/, '')
    : sent
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(said), hash(token ?? NOBODY)) && token !== undefined && (orBasic || !isBasic)
}
