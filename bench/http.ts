/**
 * Decisions over HTTP, each in the audit log before it is answered, beside `node:http` alone answering the same bytes, and
 * Cerbos where it is installed. Servers and load are processes of their own. What counts first is the server's processor
 * time for each request, all its threads together: a load generator beside it and others on the machine disturb it least.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { readFiles } from '#cli/read-files.ts'
import { systemClock } from '#lib/clock.ts'
import { askCerbos, startCerbos } from './cerbos.ts'
import { ISSUER, type Bytes, type Ready } from './http-server.ts'
import type { Measured } from './timing.ts'

const SERVER = fileURLToPath(new URL('http-server.ts', import.meta.url))
const PACE = fileURLToPath(new URL('pace.ts', import.meta.url))
const AUTOCANNON = createRequire(import.meta.url).resolve('autocannon')

const CONNECTIONS = 64
/** Seconds of load that are measured, after so many decisions that are not: until then the code is being compiled. */
const SECONDS = 5
const WARM_DECISIONS = 60_000
/** Each is measured so often, in turn with the others; the least processor time counts. */
const ROUNDS = 3
const BATCH = 50
const SINGLE_PATH = '/access/v1/evaluation'
const BATCH_PATH = '/access/v1/evaluations'

/** A question that is permitted, with a session as an enforcement point tells of it. */
const question = () => ({
  subject: { type: 'account', id: 'idp:noor.haddad' },
  action: { name: 'alter_infrastructure' },
  resource: { type: 'network', id: 'cloud:edge' },
  context: { session: { iss: ISSUER, acr: 'key', auth_time: Math.floor(systemClock() / 1000) } },
})

/** Fifty things of one person: every other one permitted, the rest each another that he has no right to. */
async function batch(folder: string): Promise<object> {
  const { action, resource, ...shared } = question()
  const { facts } = await readFiles([folder])
  const others = facts.flatMap(({ fact }) => (fact.fact === 'resource' && fact.id !== resource.id ? [fact.id] : []))
  const evaluations = Array.from({ length: BATCH }, (_, i) => ({
    action,
    resource: i % 2 === 0 ? resource : { type: 'resource', id: others[i % others.length]! },
  }))
  return { ...shared, evaluations }
}

export interface Load {
  readonly perSecond: number
  readonly requests: number
  /** of the server, per request */
  readonly cpuMs: number
}

/** What is asked of one server. */
export interface Asked {
  readonly url: string
  readonly headers: readonly string[]
  readonly body: string
  /** in one request */
  readonly decisions: number
  /** processor time of the server so far */
  readonly cpuMs: () => Promise<number>
}

/** `folder`: the inventory that is decided from. */
export async function timeHttp(folder: string): Promise<Omit<Measured, 'peakMb'>> {
  const single = JSON.stringify(question())
  const several = JSON.stringify(await batch(folder))
  return await withServer(['ambit', folder], async (ambit) => {
    const answers = {
      [SINGLE_PATH]: await bytesOf(ambit, SINGLE_PATH, single),
      [BATCH_PATH]: await bytesOf(ambit, BATCH_PATH, several),
    }
    return await withServer(['bare', JSON.stringify(answers)], async (bare) => {
      const [one, bareOne] = await inTurn([asked(ambit, SINGLE_PATH, single), asked(bare, SINGLE_PATH, single)])
      const [many, bareMany] = await inTurn([asked(ambit, BATCH_PATH, several), asked(bare, BATCH_PATH, several)])
      const half = Math.round(one!.perSecond / 2)
      return {
        wallMs: SECONDS * 1000,
        cpuMs: one!.cpuMs * one!.requests,
        notes: {
          'single: decisions per second': Math.round(one!.perSecond),
          'single: decisions per second of CPU': perCpu(one!),
          'single: share of a bare node:http, by CPU': rounded(bareOne!.cpuMs / one!.cpuMs),
          'single: share of a bare node:http, by the clock': rounded(one!.perSecond / bareOne!.perSecond),
          'bare node:http: requests per second of CPU': perCpu(bareOne!),
          'batches of 50: decisions per second': Math.round(many!.perSecond * BATCH),
          'batches of 50: decisions per second of CPU': perCpu(many!) * BATCH,
          'batches of 50: bare node:http with the same bytes, answers per second of CPU': perCpu(bareMany!) * BATCH,
          'half load: ms at p50/p99/p99.9': await latencies(asked(ambit, SINGLE_PATH, single), half),
          'half load, bare node:http: ms at p50/p99/p99.9': await latencies(asked(bare, SINGLE_PATH, single), half),
          ...(await cerbosNotes(one!)),
        },
      }
    })
  })
}

const rounded = (ratio: number): number => Math.round(ratio * 100) / 100
const perCpu = ({ cpuMs }: Load): number => Math.round(1000 / cpuMs)

/** Cerbos on the rule of `decide.ts`, which is much simpler: no reach, no reasons, and no durable record. */
async function cerbosNotes(ours: Load): Promise<Record<string, number | string>> {
  const cerbos = await startCerbos()
  if (cerbos === null) return { Cerbos: 'not installed: npm install --no-save cerbos' }
  try {
    const [single, several] = await inTurn([askCerbos(cerbos, 1), askCerbos(cerbos, BATCH)])
    return {
      'Cerbos: decisions per second of CPU': perCpu(single!),
      'Cerbos, batches of 50: decisions per second of CPU': perCpu(several!) * BATCH,
      'single: times Cerbos, by CPU': rounded(single!.cpuMs / ours.cpuMs),
    }
  } finally {
    await cerbos.stop()
  }
}

interface Server extends Ready {
  readonly cpuMs: () => Promise<number>
}

async function withServer<T>(args: readonly string[], work: (server: Server) => Promise<T>): Promise<T> {
  const child = fork(SERVER, args)
  try {
    const ready = (await answerOf(child)) as Ready
    return await work({
      ...ready,
      async cpuMs() {
        child.send('cpu')
        const { user, system } = (await answerOf(child)) as NodeJS.CpuUsage
        return (user + system) / 1000
      },
    })
  } finally {
    child.disconnect()
    await once(child, 'exit')
  }
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const heard = new AbortController()
  const { signal } = heard
  try {
    const [answer] = (await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(() => Promise.reject(new Error('the server to be measured ended'))),
    ])) as [unknown]
    return answer
  } finally {
    heard.abort()
  }
}

const asked = ({ url, token, cpuMs }: Server, path: string, body: string): Asked => ({
  decisions: path === BATCH_PATH ? BATCH : 1,
  url: url + path,
  headers: [`authorization: Bearer ${token}`],
  body,
  cpuMs,
})

/** Headers that a server of Node writes by itself. */
const ITS_OWN = new Set(['date', 'connection', 'keep-alive'])

/** The answer to one question, to be sent by another server. */
async function bytesOf({ url, token }: Ready, path: string, body: string): Promise<Bytes> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  const asking = request(url + path, { method: 'POST', headers })
  asking.end(body)
  const [response] = await once(asking, 'response')
  let text = ''
  for await (const chunk of response) text += String(chunk)
  const raw = response.rawHeaders as string[]
  const kept = raw.filter((_, i) => !ITS_OWN.has(raw[i - (i % 2)]!.toLowerCase()))
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode} ${text}`)
  return { headers: kept, body: text }
}

/** Measures each in turn, {@link ROUNDS} times, and returns the round of each in which it used the least processor time. */
async function inTurn(all: readonly Asked[]): Promise<Load[]> {
  for (const each of all) await load(each, { requests: WARM_DECISIONS / each.decisions })
  const best: Load[] = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, each] of all.entries()) {
      const found = await load(each, { seconds: SECONDS })
      if (best[index] === undefined || found.cpuMs < best[index].cpuMs) best[index] = found
    }
  }
  return best
}

const TYPE = 'content-type: application/json'

/** As much load as is answered. */
async function load(
  { url, headers, body, cpuMs }: Asked,
  most: { readonly seconds: number } | { readonly requests: number },
): Promise<Load> {
  const until = 'seconds' in most ? ['-d', String(most.seconds)] : ['-a', String(most.requests)]
  const all = ['-j', '-n', '-m', 'POST', '-b', body, '-c', String(CONNECTIONS), ...until]
  const options = [...all, ...[TYPE, ...headers].flatMap((each) => ['-H', each])]
  const before = await cpuMs()
  const text = await outputOf([AUTOCANNON, ...options, url])
  const used = (await cpuMs()) - before
  const result = JSON.parse(text) as {
    readonly '2xx': number
    readonly non2xx: number
    readonly errors: number
    readonly duration: number
  }
  const requests = result['2xx']
  if (requests === 0 || result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: not every request was answered: ${text}`)
  return { requests, perSecond: requests / result.duration, cpuMs: used / requests }
}

/** In milliseconds, of the middle one of {@link ROUNDS} at so many requests a second. */
async function latencies({ url, headers, body }: Asked, rate: number): Promise<string> {
  const rounds: { readonly p50: number; readonly p99: number; readonly p999: number }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const options = [rate, SECONDS, CONNECTIONS].map(String)
    rounds.push(JSON.parse(await outputOf([PACE, url, ...options, body, TYPE, ...headers])))
  }
  const { p50, p99, p999 } = rounds.toSorted((a, b) => a.p99 - b.p99)[Math.floor(ROUNDS / 2)]!
  return [p50, p99, p999].join('/')
}

async function outputOf(options: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  for await (const chunk of child.stdout) text += String(chunk)
  return text
}
