/**
 * The request that a proxy asks about, read from the headers that this proxy sets. A header that is missing, stands twice or
 * holds a list is not guessed at: whoever can add a header could otherwise have another address judged than the one served.
 */
import { faultOfPath } from '../strict-requests.ts'

export const PROXIES = ['nginx', 'traefik', 'caddy', 'envoy'] as const
export type Proxy = (typeof PROXIES)[number]

export interface Original {
  /** upper case */
  readonly method: string
  /** the whole address, with the query */
  readonly url: string
  readonly scheme: 'http' | 'https'
  /** lower case, without the port */
  readonly host: string
  /** as it was sent; every way of writing a path but one is refused */
  readonly path: string
}

/** What the decision point got from the proxy. */
export interface AuthRequest {
  readonly method: string
  /** request target as it was sent */
  readonly target: string
  /** names and values in turn, as Node has them */
  readonly rawHeaders: readonly string[]
}

/** What is wrong with a request, as a code for the log and for the proxy's error page. */
export interface Ambiguous {
  readonly fault: string
}

/** Path under which Envoy asks; it puts the original path behind it (`path_prefix`). */
export const ENVOY_PREFIX = '/forward-auth/envoy'

const METHOD = /^[A-Z]{1,32}$/
const HOST =
  /^([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]{2,39}\])(?::(\d{1,5}))?$/
/** RFC 3986 §3.4; a fragment never reaches a server. */
const QUERY = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?[\]|^`{}"<>\\]|%[0-9A-Fa-f]{2})*$/

/** All values of a header, each as often as it was sent. */
export function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  const found: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (rawHeaders[i]!.toLowerCase() === name) found.push(rawHeaders[i + 1]!)
  return found
}

/** Returns the original request, or what is wrong with it. */
export function originalOf(proxy: Proxy, asked: AuthRequest): Original | Ambiguous {
  const one = (name: string): string | null => {
    const [value, second] = valuesOf(asked.rawHeaders, name)
    return value === undefined || second !== undefined || value === '' ? null : value
  }
  if (proxy === 'nginx') {
    const [method, url] = [one('x-original-method'), one('x-original-url')]
    if (method === null || url === null) return { fault: 'header_missing_or_double' }
    const [, scheme = '', host = '', target = ''] = /^([a-z]+):\/\/([^/?#\s]*)(\/[^\s]*)$/.exec(url) ?? []
    return judged(method, scheme, host, target)
  }
  const [scheme, host] = [one('x-forwarded-proto'), one(proxy === 'envoy' ? 'host' : 'x-forwarded-host')]
  const method = proxy === 'envoy' ? asked.method : one('x-forwarded-method')
  const target = proxy === 'envoy' ? asked.target.slice(ENVOY_PREFIX.length) : one('x-forwarded-uri')
  if (method === null || scheme === null || host === null || target === null) {
    return { fault: 'header_missing_or_double' }
  }
  return judged(method, scheme, host, target)
}

function judged(method: string, scheme: string, hostAndPort: string, target: string): Original | Ambiguous {
  if (!METHOD.test(method)) return { fault: 'method_malformed' }
  if (scheme !== 'https' && scheme !== 'http') return { fault: 'scheme_unknown' }
  const lowered = hostAndPort.toLowerCase()
  const [, host, port] = HOST.exec(lowered) ?? []
  if (host === undefined || lowered.length > 260 || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) {
    return { fault: 'host_malformed' }
  }
  const at = target.indexOf('?')
  const [path, query] = at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)]
  const fault = faultOfOriginalPath(path)
  if (fault !== null) return { fault: fault }
  if (!QUERY.test(query)) return { fault: 'query_malformed' }
  return { method, scheme, host, path, url: `${scheme}://${lowered}${target}` }
}

/** What is ambiguous in a path, or null; a `/` at the end is not, since rules match with and without it. */
export function faultOfOriginalPath(path: string): string | null {
  if (path.length > 8192) return 'path_long'
  const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  if (path.includes('?') || faultOfPath(bare) !== null) return 'path_ambiguous'
  // decoded once more by somebody behind us it would be another path
  if (/%25[0-9A-Fa-f]{2}/.test(path)) return 'path_ambiguous'
  try {
    // overlong and broken UTF-8 is read differently by different programs
    const decoded = decodeURIComponent(path)
    return decoded.normalize('NFC') === decoded && !/[\uff0e\uff0f\uff3c\u2215\u2044]/.test(decoded)
      ? null
      : 'path_ambiguous'
  } catch {
    return 'path_ambiguous'
  }
}
