/** Writes docs/server.md and docs/schema/config.schema.json; `test/docs/server.test.ts` fails when they are out of date. */
import { readFileSync, writeFileSync } from 'node:fs'
import { SCOPE_MEANINGS } from '#contract/scopes.ts'
import { asWritten } from '#server/config/defaults.ts'
import { CONFIG } from '#server/config/schema.ts'

const root = new URL('../', import.meta.url)

interface Shape {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly items?: Shape
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')

/** One row for each key that holds a value, whatever it lies in. */
function keysOf({ properties = {}, required = [] }: Shape, under = ''): string[][] {
  return Object.entries(properties).flatMap(([name, shape]) => {
    const key = `${under}${name}`
    const inner = shape.properties ?? shape.items?.properties
    const needed = required.includes(name) && shape.default === undefined
    const standard = shape.default === undefined ? (needed ? 'needed' : '') : JSON.stringify(shape.default)
    const own = [`\`${key}\``, possibleOf(shape), standard === '{}' ? '' : standard, shape.description ?? '']
    if (inner === undefined) return [own]
    const list = shape.items?.properties !== undefined
    return [own, ...keysOf(list ? shape.items! : shape, `${key}${list ? '[]' : ''}.`)]
  })
}

function possibleOf({ type, enum: words, minimum, maximum, items }: Shape): string {
  if (words !== undefined) return words.map((word) => `\`${word}\``).join(', ')
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`
  if (type === 'array') return items?.properties === undefined ? 'a list of texts' : 'a list'
  return { object: 'a section', string: 'a text', boolean: '`true`, `false`' }[type ?? ''] ?? 'see its description'
}

/** The routes of the server itself; those of decisions and of the other parts have pages of their own. */
const ROUTES: readonly (readonly string[])[] = [
  ['`GET /healthz`', 'public', 'whether the process lives'],
  ['`GET /readyz`', 'public', 'whether it may be sent requests, and what is missing'],
  ['`GET /metrics`', '`read`, or loopback', 'metrics for Prometheus'],
  ['`PUT /v1/inventory`', '`ingest`', 'takes all facts'],
  ['`POST /v1/inventory/changes`', '`ingest`', 'takes facts that came, changed or went'],
  ['`GET /v1/snapshot`', '`read`', 'what is current: its id, policy, time, sources, doubts, and accounts by verdict'],
  ['`GET /v1/accounts`', '`read`', 'accounts by `verdict`, `impact`, `population`, `system` or `id`; `limit`, `after`'],
  ['`GET /v1/accounts/:id`', '`read`', 'one account with its ways in'],
  ['`GET /v1/findings`', '`read`', 'findings by `severity`, `code` or `account`, with their proofs; `limit`, `after`'],
  ['`GET /v1/shadow`', '`read`', 'what would have been answered by what is only tried; `change`, `limit`'],
  [
    '`GET /v1/provider/keys`, `POST …`',
    '`read`, `administer`',
    'keys that tokens are signed with; has another one sign ([people](people.md))',
  ],
  ['`GET /v1/events`', '`read`', 'what changes, as it changes'],
  ['`POST /signals/:stream/push`', 'its own token', 'takes security events ([signals](signals.md))'],
  ['`GET /v1/signals`, `POST /v1/signals/end`', '`read`, `administer`', 'what stands against an account; ends it'],
  ['`GET /v1/signals/streams`, `POST …/:stream/verify`', '`read`, `administer`', 'streams of others; verifies one'],
  ['`/ssf/…`', '`ssf.read`, `ssf.manage`', 'streams of security events to others ([signals](signals.md))'],
]

const TABLES: Readonly<Record<string, () => string>> = {
  config: () => table(['key', 'possible', 'default', 'what it is'], keysOf(CONFIG as unknown as Shape)),
  scopes: () =>
    table(
      ['scope', 'allows to'],
      Object.entries(SCOPE_MEANINGS).map(([scope, meaning]) => [`\`${scope}\``, meaning]),
    ),
  routes: () => table(['route', 'access', 'what it does'], ROUTES),
}

function serverPage(): string {
  const prose = readFileSync(new URL('scripts/server-page.md', root), 'utf8')
  return prose.replaceAll(/^\{\{(\w+)\}\}$/gmu, (_, name: string) => TABLES[name]!())
}

function configSchemaText(): string {
  const head = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of ambit serve',
    description: 'Any text may also be `${env:NAME}` or `file:PATH`.',
  }
  return `${JSON.stringify({ ...head, ...asWritten(CONFIG) }, null, 2)}\n`
}

/** What this script writes, by path. */
export const SERVER_PAGES: Readonly<Record<string, () => string>> = {
  'docs/server.md': serverPage,
  'docs/schema/config.schema.json': configSchemaText,
}

if (import.meta.main)
  for (const [path, text] of Object.entries(SERVER_PAGES)) writeFileSync(new URL(path, root), text())
