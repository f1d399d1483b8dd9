/**
 * Asks other servers, so that nobody makes this one ask where it must not: https only, no redirects, no private
 * addresses but those the configuration names, checked on the address that is connected to and not on a name that may mean
 * another one a moment later; bounded in time and size.
 */
import { lookup as lookUp, type LookupAddress } from 'node:dns'
import { request as plainRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as secureRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { addressOf, withinNetworks } from './config/networks.ts'

export interface GuardedFetchOptions {
  /** private networks that may be asked, and by plain http too; CIDR */
  readonly networks: readonly string[]
  /** milliseconds for the whole exchange */
  readonly timeoutMs?: number
  /** largest answer, in bytes */
  readonly maxBytes?: number
}

export interface Question {
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** gives the question up */
  readonly signal?: AbortSignal
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export type GuardedFetch = (url: string, question?: Question) => Promise<Answer>

/** Longest wait and largest answer where nothing else is said; ours. */
const TIMEOUT_MS = 5000
const MAX_BYTES = 1_000_000

/**
 * Returns a way of asking that rejects with a plain `Error` on whatever it must not do or does not get; it has `unsent: true` where
 * nothing was sent.
 */
export function guardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { networks, timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES } = options
  const isListed = withinNetworks(networks)
  const mayReach = (address: string) => addressOf(address)?.range() === 'unicast' || isListed(address)
  return (url, { method = 'GET', headers = {}, body, signal } = {}) =>
    new Promise((resolve, reject) => {
      const target = targetOf(url)
      if (target instanceof Error) return reject(target)
      const secure = target.protocol === 'https:'
      const allowed = secure ? mayReach : isListed
      const host = target.hostname.replace(/^\[|\]$/g, '')
      // a name is judged when it is looked up; an address is not looked up
      if (isIP(host) !== 0 && !allowed(host)) return reject(notAllowed(host))
      const how: RequestOptions = {
        method,
        headers: { accept: 'application/json', ...headers },
        lookup: lookupAmong(allowed),
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]),
        agent: false,
      }
      const ask = secure ? secureRequest : plainRequest
      const request = ask(target, how, (answer) => void read(answer, maxBytes).then(resolve, reject))
      let connected = false
      request.on('socket', (socket) => socket.once(secure ? 'secureConnect' : 'connect', () => (connected = true)))
      request.on('error', (error) => reject(connected ? error : Object.assign(error, UNSENT)))
      request.end(body)
    })
}

/** Marks an error of before anything was sent: whoever must not ask twice may ask again, or somebody else. */
const UNSENT = { unsent: true } as const

const notAllowed = (host: string): Error =>
  Object.assign(
    new Error(
      `\`${host}\` is at a private address, or would be asked without TLS, which the configuration does not allow`,
    ),
    UNSENT,
  )

/** Looks a name up; one that has any address which is not allowed has none. */
function lookupAmong(allowed: (address: string) => boolean): LookupFunction {
  return (name, how, done) => {
    lookUp(name, { ...how, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return done(error, '')
      if (addresses.length === 0 || !addresses.every(({ address }) => allowed(address)))
        return done(notAllowed(name), '')
      return how.all === true ? done(null, addresses) : done(null, addresses[0]!.address, addresses[0]!.family)
    })
  }
}

function targetOf(url: string): URL | Error {
  if (!URL.canParse(url)) return new Error(`\`${url}\` is no URL`)
  const target = new URL(url)
  if (target.username !== '' || target.password !== '') return new Error('a URL with a password in it is not asked')
  return /^https?:$/.test(target.protocol) ? target : new Error(`\`${url}\` is not https`)
}

async function read(answer: IncomingMessage, maxBytes: number): Promise<Answer> {
  const { statusCode: status = 0, headers } = answer
  if (status >= 300 && status < 400) {
    answer.destroy()
    throw new Error('the answer is a redirect, which is not followed')
  }
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > maxBytes) {
      answer.destroy()
      throw new Error(`the answer is larger than ${maxBytes} bytes`)
    }
    pieces.push(piece)
  }
  return { status, headers, body: Buffer.concat(pieces).toString('utf8') }
}

/** The JSON of an answer with status 200; anything else is an error. */
export function jsonOf({ status, headers, body }: Answer): unknown {
  if (status !== 200) throw new Error(`the answer has status ${status}`)
  const type = String(headers['content-type'] ?? '')
  if (!/^application\/(?:[a-z0-9.-]+\+)?json\b/i.test(type)) throw new Error('the answer is not JSON')
  return JSON.parse(body)
}
