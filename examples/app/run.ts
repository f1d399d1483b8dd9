/**
 * `npm run example`: Ambit, the shop, and a mailbox that catches what Ambit sends, all on this machine and gone when stopped.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { processSurroundings, toldToStop } from '#cli/commands/serve.ts'
import { processIo, type Io } from '#cli/io.ts'
import type { Scope } from '#contract/scopes.ts'
import { systemClock } from '#lib/clock.ts'
import { readConfig } from '#server/config/read.ts'
import { startServer } from '#server/main.ts'
import { newToken } from '#server/tokens.ts'
import { addToken } from '#storage/tokens.ts'
import { createShop } from './app.ts'
import { mailPage } from './pages.ts'

/** Ada's password: the example is about what it is not good for. */
const PASSWORD = 'four quiet garden tables'

export interface Example {
  readonly shop: string
  readonly ambit: string
  /** leave for Carla to enrol her passkey, once */
  readonly pass: string
  /** a token of Ambit's that may change the inventory, and the snapshot that it would change */
  readonly ingest: string
  readonly snapshot: string
  readonly mails: readonly Mail[]
  readonly stop: () => Promise<void>
}

interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
}

/** Starts everything. `ports` are taken if they are free. */
export async function startExample(io: Io, ports: { readonly shop: number; readonly ambit: number }): Promise<Example> {
  const closing: (() => unknown)[] = []
  const stop = async () => {
    for (const close of closing.splice(0).toReversed()) await close()
  }
  try {
    const mailbox = await catchMail(io)
    closing.push(mailbox.close)
    const [shopPort, ambitPort] = [await freePort(ports.shop), await freePort(ports.ambit)]
    const [shop, ambit] = [`http://localhost:${shopPort}`, `http://localhost:${ambitPort}`]
    const secret = randomBytes(32).toString('base64url')
    const folder = await mkdtemp(join(tmpdir(), 'ambit-example-'))
    closing.push(() => rm(folder, { recursive: true, force: true }))

    const env = {
      AMBIT_URL: ambit,
      AMBIT_KEY: randomBytes(32).toString('base64'),
      SHOP_SECRET: secret,
      SHOP_RETURN: `${shop}/signed-in`,
      SHOP_HOME: `${shop}/`,
    }
    const read = readConfig(await beside('ambit.yaml'), 'examples/app/ambit.yaml', { env, read: () => '' })
    const smtp = { ...read.people!.smtp!, port: mailbox.port }
    const listen = { host: '127.0.0.1', port: ambitPort }
    const config = { ...read, store: join(folder, 'ambit.db'), listen, people: { ...read.people!, smtp } }
    const server = await startServer(config, processSurroundings(io))
    closing.push(server.stop)

    const newTokenFor = async (...scopes: Scope[]): Promise<string> => {
      const now = systemClock()
      const { token, stored } = newToken({ name: 'example', scopes, expiresAt: now + 86_400_000 }, now)
      await addToken(server.context.database, stored)
      await server.context.tokens.reload()
      return token
    }
    const [ingest, administer] = [await newTokenFor('ingest'), await newTokenFor('administer')]
    const send = async (method: string, path: string, token: string, type: string, body: string): Promise<unknown> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': type }
      const response = await fetch(ambit + path, { method, headers, body })
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
      return response.json()
    }
    const taken = await send('PUT', '/v1/inventory', ingest, 'application/yaml', await beside('inventory.yaml'))
    for (const [name, more] of [
      ['carla', {}],
      ['ada', { password: PASSWORD }],
    ] as const) {
      const identifiers = [{ kind: 'mail', value: `${name}@example.org`, verified: true }]
      const person = JSON.stringify({ identifiers, ...more })
      await send('PUT', `/v1/people/shop:${name}`, administer, 'application/json', person)
    }
    // a passkey is worth what the session that enrols it is worth, so Carla's begins with leave from somebody who outranks her
    const leave = JSON.stringify({ by: 'shop:ada', minutes: 1440 })
    const issued = await send('POST', '/v1/people/shop:carla/passes', administer, 'application/json', leave)
    const { code: pass } = issued as { readonly code: string }
    const { snapshot } = taken as { readonly snapshot: string }

    const app = await createShop({ ambit, origin: shop, secret, token: await newTokenFor('decide') })
    // no part of the shop: whoever runs the example reads everybody's mail
    app.get('/mail', (_request, response) => void response.send(mailPage(mailbox.mails.toReversed())))
    const web = createServer(app)
    await new Promise<void>((resolve) => web.listen(shopPort, '127.0.0.1', resolve))
    closing.push(() => (web.closeAllConnections(), new Promise((resolve) => web.close(resolve))))
    return { shop, ambit, pass, ingest, snapshot, mails: mailbox.mails, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const beside = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), 'utf8')

/** A mail server that delivers to the terminal, and to /mail. */
async function catchMail(io: Io): Promise<{ port: number; mails: Mail[]; close: () => Promise<void> }> {
  const mails: Mail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, { envelope }, done) {
      simpleParser(stream).then(
        ({ subject = '', text = '' }) => {
          const to = envelope.rcptTo.map(({ address }) => address).join(', ')
          mails.push({ to, subject, text: text.trim() })
          io.write(`\n── mail to ${to} ──\n${text.trim()}\n`)
          done()
        },
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
      )
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return { port, mails, close: () => new Promise((resolve) => server.close(resolve)) }
}

/** The port that is wished for, or any other where it is taken. */
async function freePort(wished: number): Promise<number> {
  const probe = createServer()
  const on = (port: number) =>
    new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
  if (!(await on(wished))) await on(0)
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

/** What to do at the pages, for whoever started it. */
export const whatToDo = ({ shop, ambit, pass, ingest, snapshot }: Example): string => `
The shop is at ${shop}, Ambit at ${ambit}. Ctrl-C stops both and keeps nothing.
Mail is printed here and shown at ${shop}/mail.

1  Carla reads with a code. Sign in as carla@example.org and have a code sent.
2  Paying takes a passkey. Press Pay: Ambit asks for one, and says why. Give her one at ${ambit}/enrol
   with the pass ${pass}; that signs her out everywhere. Sign in with a code, press Pay, go on.
3  Ada administers the cloud. Sign in as ada@example.org: no code comes. With her password,
   ${PASSWORD}, she is told why.
4  Carla becomes an administrator. The session that was good enough no longer is; load her orders again.
   curl -H 'Authorization: Bearer ${ingest}' -H 'Content-Type: application/json' \\
     -H 'If-Match: "${snapshot}"' ${ambit}/v1/inventory/changes \\
     -d '{"ambit":1,"entitlements":[{"holder":"shop:carla","on":"cloud:production","capabilities":["administer"]}]}'

`

if (import.meta.main) {
  const io = processIo()
  const example = await startExample(io, { shop: 8484, ambit: 8485 })
  io.write(whatToDo(example))
  await toldToStop()
  await example.stop()
}
