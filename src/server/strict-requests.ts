/**
 * Refuses requests that one program may read otherwise than the next: a proxy that guards `/v1/tokens` must not be
 * passed by `/v1/./tokens`, `//v1/tokens`, `/v1/%74okens` or two `Host` headers.
 */
import type { IncomingMessage } from 'node:http'

/** Headers that must not come twice; what stands behind a proxy must not pick another one than it. */
const SINGLE = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'content-encoding',
  'authorization',
  'origin',
  'if-match',
  'idempotency-key',
  'x-request-id',
])
/** Headers by which some frameworks let a request be of another method. */
const OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override']

/** Characters of a path as RFC 3986 §3.3 has them, `;` left out, which some servers cut a path at. */
const PATH = /^(?:\/(?:[A-Za-z0-9\-._~!$&'()*+,=:@]|%[0-9A-Fa-f]{2})*)+$/

/**
 * What is wrong with a request's shape, or null. `pathIsFine` where the path needs no look: it is the very path of a route, or
 * one with an original path behind its own, which the route judges itself.
 */
export function faultOfRequest({ url = '', rawHeaders, headers }: IncomingMessage, pathIsFine = false): string | null {
  // as many names as headers: none comes twice
  if (Object.keys(headers).length * 2 !== rawHeaders.length) {
    const twice = repeated(rawHeaders)
    if (twice !== null) return `the header \`${twice}\` comes twice`
  }
  for (const name of OVERRIDES)
    if (headers[name] !== undefined) return `the header \`${name}\` is not heeded here; send the method itself`
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return 'the only transfer encoding is `chunked`'
  if (coding !== undefined && headers['content-length'] !== undefined)
    return 'a length and a transfer encoding exclude each other'
  return pathIsFine ? null : faultOfPath(url)
}

/** A header that must not come twice and does; null where there is none. */
function repeated(rawHeaders: readonly string[]): string | null {
  const seen = new Set<string>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (SINGLE.has(name) && seen.has(name)) return name
    seen.add(name)
  }
  return null
}

/** What is wrong with a request target, or null. Only one way of writing each path is taken. */
export function faultOfPath(target: string): string | null {
  const [path = '', ...query] = target.split('?')
  if (!PATH.test(path)) return 'the path has characters that must be percent-encoded, or does not begin with `/`'
  if (query.some((part) => part.includes('#'))) return 'a request target has no fragment'
  if (path === '/') return null
  for (const segment of path.slice(1).split('/')) {
    if (segment === '') return 'the path has an empty segment, or ends in `/`'
    if (segment === '.' || segment === '..') return 'the path has a segment `.` or `..`'
    for (const [escape] of segment.matchAll(/%../g)) {
      const byte = Number.parseInt(escape.slice(1), 16)
      const char = String.fromCharCode(byte)
      if (byte < 0x20 || byte === 0x7f || char === '/' || char === '\\') return `the path has \`${escape}\` in it`
      if (/[A-Za-z0-9\-._~]/.test(char)) return `\`${char}\` must not be percent-encoded in a path`
    }
  }
  return null
}
