/**
 * Decisions over HTTP, each in the audit log before it is answered, beside a server that reads and writes as much and
 * decides nothing. Server and load are processes of their own; what counts is the server's processor time.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Ready } from './http-server.ts'
import type { Measured } from './timing.ts'

const SERVER = fileURLToPath(new URL('http-server.ts', import.meta.url))
const AUTOCANNON = createRequire(import.meta.url).resolve('autocannon')

const CONNECTIONS = 32
/** Seconds of load that are measured, after as many that are not. */
const SECONDS = 5
const BATCH = 50

const QUESTION = {
  subject: { type: 'account', id: 'idp:noor.haddad' },
  action: { name: 'administer' },
  resource: { type: 'system', id: 'idp' },
}

interface Load {
  readonly perSecond: number
  readonly p99Ms: number
  readonly requests: number
  /** of the server, per request */
  readonly cpuMs: number
}

/** `folder`: the inventory that is decided from. */
export async function timeHttp(folder: string): Promise<Omit<Measured, 'peakMb'>> {
  const bare = await withServer([], (server) => load(server, '/access/v1/evaluation', QUESTION))
  const [single, batch] = await withServer([folder], async (server) => [
    await load(server, '/access/v1/evaluation', QUESTION),
    await load(server, '/access/v1/evaluations', { ...QUESTION, evaluations: Array(BATCH).fill({}) }),
  ])
  return {
    wallMs: SECONDS * 1000,
    cpuMs: single!.cpuMs * single!.requests,
    notes: {
      'decisions per second': Math.round(single!.perSecond),
      'p99 ms': single!.p99Ms,
      'decisions per second in batches of 50': Math.round(batch!.perSecond * BATCH),
      'bare Fastify, requests per second': Math.round(bare.perSecond),
      'CPU, times bare Fastify': rounded(single!.cpuMs / bare.cpuMs),
      'CPU in batches, times bare Fastify': rounded(batch!.cpuMs / BATCH / bare.cpuMs),
    },
  }
}

const rounded = (ratio: number): number => Math.round(ratio * 100) / 100

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
  const [answer] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('the server to be measured ended'))),
  ])) as [unknown]
  return answer
}

async function load(server: Server, path: string, question: object): Promise<Load> {
  await autocannon(server, path, question) // until it is compiled
  const before = await server.cpuMs()
  const { requests, p99Ms, seconds } = await autocannon(server, path, question)
  return { requests, perSecond: requests / seconds, p99Ms, cpuMs: ((await server.cpuMs()) - before) / requests }
}

async function autocannon({ url, token }: Ready, path: string, question: object) {
  const headers = ['content-type: application/json', `authorization: Bearer ${token}`].flatMap((each) => ['-H', each])
  const options = [
    '-j',
    '-n',
    '-c',
    String(CONNECTIONS),
    '-d',
    String(SECONDS),
    '-m',
    'POST',
    '-b',
    JSON.stringify(question),
    ...headers,
  ]
  const child = spawn(process.execPath, [AUTOCANNON, ...options, url + path], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  for await (const chunk of child.stdout) text += String(chunk)
  const result = JSON.parse(text) as {
    readonly '2xx': number
    readonly non2xx: number
    readonly errors: number
    readonly duration: number
    readonly latency: { readonly p99: number }
  }
  if (result['2xx'] === 0 || result.non2xx > 0 || result.errors > 0)
    throw new Error(`${path}: not every request was answered: ${text}`)
  return { requests: result['2xx'], seconds: result.duration, p99Ms: result.latency.p99 }
}
