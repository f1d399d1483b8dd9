/**
 * Cerbos, where `npm install --no-save cerbos` has put it: its decision point over HTTP on the rule that `decide.ts` asks
 * of others. It writes no record of what it decides.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Asked } from './http.ts'

export interface Cerbos {
  readonly url: string
  readonly cpuMs: () => Promise<number>
  readonly stop: () => Promise<void>
}

const POLICY = `
apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: page
  version: default
  rules:
    - actions: [view]
      effect: EFFECT_ALLOW
      roles: [member]
      condition:
        match:
          expr: P.attr.strength >= R.attr.strength && P.attr.age <= R.attr.age
`
/** Of Linux: ticks in which `/proc` counts processor time, for each second. */
const TICKS = 100

/** Null where it is not installed. */
export async function startCerbos(): Promise<Cerbos | null> {
  const binary = binaryOf()
  if (binary === null) return null
  const folder = mkdtempSync(join(tmpdir(), 'ambit-cerbos-'))
  mkdirSync(join(folder, 'policies'))
  writeFileSync(join(folder, 'policies', 'page.yaml'), POLICY)
  const address = `127.0.0.1:${await freePort()}`
  const settings = {
    server: { httpListenAddr: address, grpcListenAddr: `127.0.0.1:${await freePort()}` },
    storage: { driver: 'disk', disk: { directory: join(folder, 'policies') } },
    telemetry: { disabled: true },
  }
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify(settings))
  const options = ['server', `--config=${join(folder, 'config.yaml')}`, '--log-level=ERROR']
  const child = spawn(binary, options, { stdio: 'ignore' })
  const url = `http://${address}`
  for (let tries = 0; !(await isUp(url)); tries++) {
    if (tries === 100 || child.exitCode !== null) throw new Error('Cerbos does not start')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return {
    url,
    cpuMs: async () => cpuOf(child.pid!),
    async stop() {
      child.kill()
      await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function binaryOf(): string | null {
  try {
    return createRequire(import.meta.url).resolve(`@cerbos/cerbos-${process.platform}-${process.arch}`)
  } catch {
    return null
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const isUp = async (url: string): Promise<boolean> =>
  await fetch(`${url}/_cerbos/health`).then(
    ({ ok }) => ok,
    () => false,
  )

function cpuOf(pid: number): number {
  // the name in brackets may have spaces; user and system time are the 12th and 13th field after it
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / TICKS) * 1000
}

/** So many permitted questions in one request. */
export function askCerbos({ url, cpuMs }: Cerbos, count: number): Asked {
  const resources = Array.from({ length: count }, (_, i) => ({
    actions: ['view'],
    resource: { kind: 'page', id: `p${i}`, attr: { strength: 3, age: 3600 } },
  }))
  const principal = { id: 'noor.haddad', roles: ['member'], attr: { strength: 3, age: 60 } }
  return {
    url: `${url}/api/check/resources`,
    headers: [],
    body: JSON.stringify({ principal, resources }),
    decisions: count,
    cpuMs,
  }
}
