/** For tests: real proxies, run as they are documented, each with an application behind it that tells what it got. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '#server/gate/gate.fixture.ts'

export const NGINX = '/usr/sbin/nginx'
export const APACHE = '/usr/sbin/apache2'
export const MOD_AUTH_OPENIDC = '/usr/lib/apache2/modules/mod_auth_openidc.so'
export const CADDY = '/usr/bin/caddy'
export const skipWithout = (program: string) => ({ skip: existsSync(program) ? false : `${program} is not installed` })

const doc = (name: string) => fileURLToPath(new URL(`../../docs/forward-auth/${name}`, import.meta.url))

/** What the application behind a proxy got. */
export interface Arrived {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Application {
  readonly port: number
  readonly arrived: Arrived[]
  readonly stop: () => Promise<void>
}

export async function application(): Promise<Application> {
  const arrived: Arrived[] = []
  const server = createServer((request, reply) => {
    let body = ''
    request.on('data', (piece) => (body += String(piece)))
    request.on('end', () => {
      arrived.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body })
      reply.end('the application')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    arrived,
    stop: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

export interface RunningProxy {
  readonly port: number
  readonly stop: () => Promise<void>
}

/** nginx with the documented files as they are, in front of `app`, asking Ambit at `ambit` (host and port). */
export async function nginx(ambit: string, app: number): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-nginx-'))
  const port = await freePort()
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http {
  access_log off;
  ${kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ')}
  upstream ambit { server ${ambit}; keepalive 4; }
  upstream application { server 127.0.0.1:${app}; }
  include ${doc('nginx-http.conf')};
  server { listen 127.0.0.1:${port}; include ${doc('nginx-server.conf')}; }
}`,
  )
  return await started(
    NGINX,
    ['-c', join(folder, 'nginx.conf'), '-p', folder, '-e', join(folder, 'error.log')],
    folder,
    port,
  )
}

/** Caddy with the documented file as it is. */
export async function caddy(ambit: string, app: number): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-caddy-'))
  const port = await freePort()
  writeFileSync(
    join(folder, 'Caddyfile'),
    `{
	admin off
	auto_https off
}
import ${doc('Caddyfile')}
http://:${port} {
	bind 127.0.0.1
	import ambit
	reverse_proxy 127.0.0.1:${app}
}
`,
  )
  const env = { AMBIT: ambit, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  return await started(
    CADDY,
    ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'],
    folder,
    port,
    env,
  )
}

export async function started(
  program: string,
  parameters: string[],
  folder: string,
  port: number,
  env = {},
): Promise<RunningProxy> {
  const child = spawn(program, parameters, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } })
  let said = ''
  child.stderr.on('data', (piece) => (said += String(piece)))
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  for (let tried = 0; tried < 2400; tried++) {
    if (child.exitCode !== null) break
    if (await listens(port)) return { port, stop }
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  await stop()
  throw new Error(`${program} did not start: ${said}`)
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve((socket.destroy(), true)))
    socket.once('error', () => resolve(false))
  })

export interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** names and values in turn */
  readonly rawHeaders: readonly string[]
  readonly body: string
}

/** Asks a proxy for an address of `app.test`; paths and headers are sent as they are written. */
export function get(
  port: number,
  path: string,
  headers: readonly (readonly [string, string])[] = [],
  { method = 'GET', body = '' } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const length = body === '' ? [] : ['Content-Length', String(Buffer.byteLength(body))]
    const host = headers.some(([name]) => name === 'Host') ? [] : ['Host', 'app.test']
    const all = [...host, ...headers.flat(), ...length]
    const request = httpRequest(
      { host: '127.0.0.1', port, path, method, headers: all as never, agent: false },
      (answer) => {
        let text = ''
        answer.on('data', (piece) => (text += String(piece)))
        const { statusCode: status = 0, rawHeaders } = answer
        answer.on('end', () => resolve({ status, headers: answer.headers, rawHeaders, body: text }))
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}
