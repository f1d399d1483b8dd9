/** Reads a policy file: text in, {@link Policy} out, or everything that is wrong with it at once. */
import { LineCounter, isMap, isNode, parseDocument, type Document } from 'yaml'
import { AmbitError } from '#lib/errors.ts'
import { compileDefeat, compileRule, type DefeatSection } from './cel.ts'
import type { Policy } from './policy.ts'
import { resolvePolicy, type FileDefeat } from './resolve.ts'
import { problemsOf, type Path } from './shape.ts'
import { policySchema, type PolicyFile } from './schema.ts'

/** Longest policy file, in characters; ours. */
const MAX_TEXT = 1_000_000

export interface ParseOptions {
  /** `sha256:` of the bytes; see `load.ts` */
  readonly hash?: string
  /** name of the file, for messages */
  readonly file?: string
  /** text of the default policy, needed where the file says `extends: default` */
  readonly base?: string
}

/** One thing wrong with a policy file. `line` counts from 1; `pointer` is a JSON pointer. */
export interface PolicyProblem {
  readonly line?: number
  readonly pointer: string
  readonly message: string
  readonly remedy: string
}

/** A policy with the file it came from, merged with what it extends, for the linter and the tests of the policy. */
export interface ReadPolicy {
  readonly policy: Policy
  readonly file: PolicyFile
  /** line of a place in the file itself, where it states it */
  readonly lineOf: (path: Path) => number | undefined
}

/**
 * Returns the policy that `text` states.
 * @throws {AmbitError} `policy_invalid`, whose `detail.problems` lists all {@link PolicyProblem}s
 */
export const parsePolicy = (text: string, options: ParseOptions = {}): Policy => readPolicy(text, options).policy

/** As {@link parsePolicy}, with the file beside the policy. */
export function readPolicy(text: string, options: ParseOptions = {}): ReadPolicy {
  const { file = 'policy', base } = options
  const own = readYaml(text, file)
  const lineOf = (path: Path, onKey = false) => lineAt(own.document, own.lines, path, onKey)
  const problems: PolicyProblem[] = []
  const report = (path: Path, message: string, remedy: string, onKey?: boolean) => {
    const line = lineOf(path, onKey)
    problems.push({ ...(line === undefined ? {} : { line }), pointer: pointerOf(path), message, remedy })
  }
  const extending = isObject(own.value) && own.value['extends'] !== undefined
  for (const { path, message, remedy, onKey } of problemsOf(policySchema(extending), own.value)) {
    report(path, message, remedy, onKey)
  }
  if (problems.length > 0) fail(file, problems)
  let merged = own.value
  if (extending) {
    if (base === undefined)
      fail(file, [
        { pointer: '/extends', message: '`default` is not at hand', remedy: 'pass the text of the default policy' },
      ])
    merged = merge(readYaml(base, 'the default policy').value, own.value)
    for (const { path, message, remedy } of problemsOf(policySchema(false), merged)) report(path, message, remedy)
  }
  if (problems.length > 0) fail(file, problems)
  // the schema was just held against it
  const policyFile = merged as PolicyFile
  for (const { path, message, remedy } of beyondShape(policyFile)) report(path, message, remedy)
  if (problems.length > 0) fail(file, problems)
  return { policy: resolvePolicy(policyFile, options.hash ?? 'sha256:unhashed'), file: policyFile, lineOf }
}

/**
 * Reads YAML 1.2; refuses duplicate keys, unknown tags and alias bombs.
 * @throws {AmbitError} `policy_invalid`
 */
export function readYaml(text: string, file: string): { document: Document; lines: LineCounter; value: unknown } {
  if (text.length > MAX_TEXT) {
    fail(file, [{ pointer: '', message: `the file has ${text.length} characters`, remedy: `at most ${MAX_TEXT}` }])
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) {
    fail(
      file,
      faults.map(({ pos, message }) => ({
        line: lines.linePos(pos[0]).line,
        pointer: '',
        message: lowerFirst(message),
        remedy: 'write the file as YAML 1.2',
      })),
    )
  }
  try {
    return { document, lines, value: document.toJS({ maxAliasCount: 100 }) }
  } catch (error) {
    const message = lowerFirst(error instanceof Error ? error.message : String(error))
    return fail(file, [{ pointer: '', message, remedy: 'write the parts out instead of repeating them by alias' }])
  }
}

/** Throws the one error that a policy file can have. */
export function fail(file: string, problems: readonly PolicyProblem[]): never {
  const lines = problems.map(({ line, pointer, message, remedy }) => {
    const place = [file, ...(line === undefined ? [] : [line])].join(':')
    return `${place}: ${pointer === '' ? '' : `${pointer}: `}${message} (${remedy})`
  })
  throw new AmbitError('policy_invalid', lines.join('\n'), { file, problems })
}

const lowerFirst = (text: string) => text.slice(0, 1).toLowerCase() + text.slice(1)
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const pointerOf = (path: Path) =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** Line of the value under `path`, or of its key, or of the nearest part of the path that the file has. */
export function lineAt(document: Document, lines: LineCounter, path: Path, onKey: boolean): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isNode(key) && key.toJSON() === path[length - 1])
      const node = pair && (onKey || length < path.length || !isNode(pair.value) ? pair.key : pair.value)
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    }
    const node: unknown = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

/** Lists whose entries have a name of their own; one of the same name replaces the entry it extends. */
const NAMED: Readonly<Record<string, string>> = { attackers: 'name', rules: 'code' }

/** What `own` states wins; mappings are merged, named lists by name, other lists replaced. Cases are not inherited. */
function merge(base: unknown, own: unknown, key = ''): unknown {
  const by = NAMED[key]
  if (by !== undefined && Array.isArray(base) && Array.isArray(own)) {
    const named = new Map<unknown, unknown>()
    for (const each of [...base, ...own]) named.set(isObject(each) ? each[by] : each, each)
    return [...named.values()]
  }
  if (!isObject(base) || !isObject(own)) return own
  const merged: Record<string, unknown> = key === '' ? { ...base, cases: undefined } : { ...base }
  for (const [name, value] of Object.entries(own)) {
    // a session limit is stated as a whole, so that leaving a part out lifts it in sight
    merged[name] = name === 'session' || name === 'codeSession' ? value : merge(merged[name], value, name)
  }
  if (merged['cases'] === undefined) delete merged['cases']
  return merged
}

const SECTIONS: readonly DefeatSection[] = ['authenticators', 'channels', 'sessions', 'secrets']

/** What a schema cannot say: conditions that read, names that occur once. */
function beyondShape(file: PolicyFile): { path: Path; message: string; remedy: string }[] {
  const found: { path: Path; message: string; remedy: string }[] = []
  const remedy = 'docs/policy.md lists what a condition may say'
  file.rules.forEach(({ when }, index) => {
    const compiled = compileRule(when)
    if ('error' in compiled) found.push({ path: ['rules', index, 'when'], message: compiled.error, remedy })
  })
  file.attackers.forEach((attacker, index) => {
    for (const section of SECTIONS) {
      const defeats: readonly FileDefeat[] = attacker[section] ?? []
      defeats.forEach(({ when }, at) => {
        const compiled = when === undefined ? undefined : compileDefeat(section, when)
        if (compiled === undefined || !('error' in compiled)) return
        found.push({ path: ['attackers', index, section, at, 'when'], message: compiled.error, remedy })
      })
    }
  })
  for (const [list, by] of Object.entries(NAMED)) {
    const names = list === 'rules' ? file.rules.map(({ code }) => code) : file.attackers.map(({ name }) => name)
    names.forEach((name, index) => {
      if (names.indexOf(name) === index) return
      found.push({
        path: [list, index, by],
        message: `\`${name}\` is already taken`,
        remedy: 'give it a name of its own',
      })
    })
  }
  return found
}
