/** Reads the server's configuration: text in, {@link Config} out, or everything that is wrong with it at once. */
import { isIP } from 'node:net'
import { LineCounter, isMap, isNode, parseDocument, type Document } from 'yaml'
import { AmbitError } from '#lib/errors.ts'
import { problemsOf, type Path, type ShapeProblem } from '#policy/shape.ts'
import { asWritten, withDefaults } from './defaults.ts'
import { beyondGateShape } from './gate.ts'
import { SECRET_KEYS } from './digest.ts'
import { isLoopback, networkOf } from './networks.ts'
import { beyondPeopleShape } from './people.ts'
import { resolveReferences, type Elsewhere } from './references.ts'
import { beyondSignalsShape } from './signals.ts'
import { CONFIG, type Config } from './schema.ts'

/** Longest configuration, in characters; ours. */
const MAX_TEXT = 1_000_000

/** One thing wrong with a configuration; `line` counts from 1. */
export interface ConfigProblem {
  readonly key: string
  readonly line?: number
  readonly message: string
  readonly remedy: string
}

/**
 * Returns the configuration that `text` states, every default filled in. An empty text states nothing.
 *
 * @throws {AmbitError} `config_invalid`, whose `detail.problems` lists all {@link ConfigProblem}s
 */
export function readConfig(text: string, file: string, elsewhere: Elsewhere): Config {
  const { document, lines, value: written } = readYaml(text, file)
  const { value, problems: unresolved, hidden } = resolveReferences(written ?? {}, elsewhere)
  const refuse = (found: readonly ShapeProblem[]) => {
    if (found.length > 0)
      fail(
        file,
        found.map((problem) => placed(problem, document, lines, hidden)),
      )
  }
  refuse(unresolved)
  refuse(problemsOf(asWritten(CONFIG), value))
  // the schema was just held against it
  const config = withDefaults(CONFIG, value) as Config
  refuse(beyondShape(config))
  return config
}

/** What a schema cannot say. */
function beyondShape(config: Config): ShapeProblem[] {
  const { listen, tls, proxies, webhooks, publicUrl, decisions } = config
  const found = [
    ...beyondGateShape(config.issuers, config.gate, config),
    ...beyondPeopleShape(config.people, config),
    ...beyondSignalsShape(config.signals, config),
  ]
  const local = listen.host === 'localhost' || isLoopback(listen.host)
  if (isIP(listen.host) === 0 && listen.host !== 'localhost') {
    found.push({
      path: ['listen', 'host'],
      message: `\`${listen.host}\` is no address`,
      remedy: 'write an IPv4 or IPv6 address such as 127.0.0.1, :: or 0.0.0.0, or localhost',
    })
  } else if (!local && tls === undefined && proxies.length === 0) {
    found.push({
      path: ['listen', 'host'],
      message: `\`${listen.host}\` can be reached from other machines, and tokens would travel in the clear`,
      remedy: 'set `tls`, or list in `proxies` the proxies that end TLS before it, or listen on 127.0.0.1',
    })
  }
  const networks = [
    ...proxies.map((each, i) => [each, ['proxies', i]] as const),
    ...webhooks.networks.map((each, i) => [each, ['webhooks', 'networks', i]] as const),
  ]
  for (const [network, path] of networks) {
    const parsed = networkOf(network)
    if (parsed === null)
      found.push({
        path,
        message: `\`${network}\` is no network`,
        remedy: 'write it like 10.0.0.0/8, fd00::/8 or 10.1.2.3',
      })
    else if (parsed[1] === 0 && path[0] === 'proxies')
      found.push({ path, message: `\`${network}\` is everybody`, remedy: 'name the addresses of your proxies' })
  }
  if (publicUrl !== undefined && publicUrl.startsWith('http:') && !local) {
    found.push({ path: ['publicUrl'], message: `\`${publicUrl}\` is not protected by TLS`, remedy: 'write https://' })
  }
  if ((decisions?.subjects?.['token']?.prefix ?? '') !== '') {
    found.push({
      path: ['decisions', 'subjects', 'token', 'prefix'],
      message: 'whoever a token is of is known already, and the prefix would make it somebody else',
      remedy: 'leave it out; what stands before the `sub` of an issuer is said in `issuers`',
    })
  }
  const names = webhooks.to.map(({ name }) => name)
  names.forEach((name, i) => {
    if (names.indexOf(name) < i)
      found.push({
        path: ['webhooks', 'to', i, 'name'],
        message: `\`${name}\` is taken`,
        remedy: 'give each receiver its own name',
      })
  })
  return found
}

function readYaml(text: string, file: string): { document: Document; lines: LineCounter; value: unknown } {
  if (text.length > MAX_TEXT)
    fail(file, [{ key: '', message: 'the file is too large', remedy: `at most ${MAX_TEXT} characters` }])
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, version: '1.2', prettyErrors: false })
  const faults = [...document.errors, ...document.warnings]
  const refuse = (message: string, offset: number) =>
    fail(file, [{ key: '', line: lines.linePos(offset).line, message, remedy: 'mend the YAML' }])
  for (const { message, pos } of faults) refuse(message, pos[0])
  try {
    return { document, lines, value: document.toJS({ maxAliasCount: 20 }) }
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error), 0)
  }
}

/** A problem with its key and line; a value that is secret is not said. */
function placed(
  { path, onKey, message, remedy }: ShapeProblem,
  document: Document,
  lines: LineCounter,
  hidden: (path: Path) => boolean,
): ConfigProblem {
  const key = keyOf(path)
  const line = lineOf(document, lines, path, onKey)
  const secret = hidden(path) || SECRET_KEYS.includes(path.at(-1))
  const said =
    secret && !onKey && /is not of the form|unknown word|is not allowed/.test(message)
      ? 'the value does not fit'
      : message
  return { key, ...(line === undefined ? {} : { line }), message: said, remedy }
}

const keyOf = (path: Path): string =>
  path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('')

function lineOf(document: Document, lines: LineCounter, path: Path, onKey = false): number | undefined {
  const parent: unknown = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents
  if (onKey && isMap(parent)) {
    const pair = parent.items.find(({ key }) => isNode(key) && key.toJSON() === path.at(-1))
    if (isNode(pair?.key) && pair.key.range) return lines.linePos(pair.key.range[0]).line
  }
  for (let depth = path.length; depth > 0; depth--) {
    const node: unknown = document.getIn(path.slice(0, depth), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return undefined
}

function fail(file: string, problems: readonly ConfigProblem[]): never {
  const lines = problems.map(({ key, line, message, remedy }) => {
    const place = line === undefined ? file : `${file}:${line}`
    return `${place}${key === '' ? '' : ` \`${key}\``}: ${message}; ${remedy}`
  })
  throw new AmbitError('config_invalid', lines.join('\n'), { problems })
}
