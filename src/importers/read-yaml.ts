/**
 * YAML 1.2 without its traps: repeated keys, unknown tags, alias bombs and endless nesting are faults with a line.
 * Anchors, aliases and the merge key `<<` are allowed, since people write inventories by hand.
 */
import { isAlias, isCollection, isMap, isPair, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml'
import type { Document, Node } from 'yaml'
import type { ImportDiagnostic } from './importer.ts'
import { MAX_DEPTH } from './read-json.ts'

/** One document of a YAML file: its value, and the line of each part of it. */
export interface YamlDocument {
  readonly root: unknown
  /** line, from 1, of the value at a JSON pointer, or of the nearest part around it that has one */
  lineOf(pointer: string): number
}

/** Something wrong with the text, with its line. */
export interface YamlFault extends ImportDiagnostic {
  readonly line: number
}

/** Nodes that aliases may add when followed; beyond this it is a bomb (a billion laughs), not an inventory. */
const MAX_ALIASED_NODES = 1_000_000

/** Faults printed per file; more would only repeat the first. */
const MAX_FAULTS = 20

/** Parses a YAML text of one or more documents. Documents with a fault are left out of `documents`. */
export function parseYaml(text: string): { documents: YamlDocument[]; faults: YamlFault[] } {
  const lines = new LineCounter()
  const options = { lineCounter: lines, merge: true, prettyErrors: false, logLevel: 'silent', version: '1.2' } as const
  const documents: YamlDocument[] = []
  const faults: YamlFault[] = []
  const lineAt = (offset: number) => lines.linePos(offset).line
  let parsed: Document.Parsed[]
  try {
    const found = parseAllDocuments(text, options)
    parsed = Array.isArray(found) ? found : []
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { documents, faults: [{ ...TOO_DEEP, line: 1 }] }
  }
  for (const document of parsed) {
    const own = syntaxFaults(document, lineAt)
    if (own.length === 0) own.push(...structureFaults(document, lineAt))
    faults.push(...own)
    if (own.length > 0 || document.contents === null) continue
    documents.push({
      root: document.toJS({ maxAliasCount: -1 }), // counted above, by size instead of by number
      lineOf: (pointer) => lineAt(offsetOf(document, pointer)),
    })
  }
  // a parser that ran out of stack may go on with what it takes for another document; one fault is enough
  const deep = faults.find(({ code }) => code === TOO_DEEP.code)
  return deep ? { documents: [], faults: [deep] } : { documents, faults }
}

const TOO_DEEP: ImportDiagnostic = {
  code: 'nesting_too_deep',
  level: 'error',
  message: `nested deeper than ${MAX_DEPTH} levels`,
  remedy: 'no format that Ambit reads nests so deeply; look for a mistake at this place',
}

function syntaxFaults(document: Document.Parsed, lineAt: (offset: number) => number): YamlFault[] {
  const faults: YamlFault[] = []
  for (const { code, message, pos } of [...document.errors, ...document.warnings].slice(0, MAX_FAULTS)) {
    const line = lineAt(pos[0])
    if (message.startsWith('Maximum call stack')) return [{ ...TOO_DEEP, line }]
    const text = message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, '')
    if (code === 'DUPLICATE_KEY') {
      const said = 'a key stands twice in one mapping; one of the two would be lost'
      faults.push({ code: 'key_repeated', level: 'error', message: said, remedy: 'merge the two, or rename one', line })
    } else if (code === 'TAG_RESOLVE_FAILED') {
      faults.push(tagFault(text, line))
    } else {
      const remedy = 'correct the YAML at this place; texts with `: `, ` #` or a leading `[{*&!|>%@` need quotes'
      faults.push({ code: 'syntax_invalid', level: 'error', message: `not valid YAML: ${text}`, remedy, line })
    }
  }
  if (document.directives.yaml.version === '1.1') {
    const message = 'the file asks for YAML 1.1, in which `no` and `on` are not texts'
    faults.push({ code: 'syntax_invalid', level: 'error', message, remedy: 'remove the `%YAML` line', line: 1 })
  }
  return faults
}

const tagFault = (message: string, line: number): YamlFault => ({
  code: 'tag_unknown',
  level: 'error',
  message,
  remedy: 'remove the tag; an inventory holds plain texts, numbers, lists and mappings',
  line,
})

/** Depth, tags, and the size of what aliases stand for; each anchor is measured once. */
function structureFaults(document: Document.Parsed, lineAt: (offset: number) => number): YamlFault[] {
  const faults: YamlFault[] = []
  const sizes = new Map<Node, number>()
  let aliased = 0
  const fault = (node: unknown, said: ImportDiagnostic) => {
    const offset = isScalar(node) || isCollection(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0
    if (faults.length < MAX_FAULTS) faults.push({ ...said, line: lineAt(offset) })
    return 1
  }
  const sizeOf = (node: unknown, depth: number): number => {
    if (depth > MAX_DEPTH) return fault(node, TOO_DEEP)
    if (isAlias(node)) {
      const target = node.resolve(document)
      if (!target) return fault(node, aliasFault(`\`*${node.source}\` names no anchor before it`))
      const size = sizes.get(target)
      if (size === undefined) return fault(node, aliasFault(`\`*${node.source}\` stands inside its own anchor`))
      aliased += size
      if (aliased > MAX_ALIASED_NODES) {
        aliased = -Infinity // told once
        fault(node, aliasFault('the aliases of this file stand for more than a million values'))
      }
      return size
    }
    if (isScalar(node) || isCollection(node)) {
      if (node.tag && !PLAIN_TAGS.has(node.tag)) fault(node, tagFault(`the tag \`${node.tag.slice(0, 60)}\``, 0))
    }
    let size = 1
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        if (isMergeKey(key) && !isMergeSource(value, document)) fault(key, MERGE_INVALID)
        size += sizeOf(key, depth + 1) + sizeOf(value, depth + 1)
      }
    }
    if (isSeq(node)) for (const item of node.items) size += sizeOf(item, depth + 1)
    else if (isPair(node)) size += sizeOf(node.key, depth + 1) + sizeOf(node.value, depth + 1)
    if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) sizes.set(node, size)
    return size
  }
  sizeOf(document.contents, 0)
  return faults
}

const MERGE_INVALID: ImportDiagnostic = {
  code: 'merge_invalid',
  level: 'error',
  message: '`<<` merges something that is no mapping',
  remedy: 'write the alias of a mapping, such as `<<: *key`, or put the key in quotes',
}

const isMergeKey = (key: unknown): boolean =>
  isScalar(key) && (key.type === undefined || key.type === 'PLAIN') && [key.value, key.source].includes('<<')

/** Whether `<<` may stand before it: a mapping, an alias of one, or a list of these. */
function isMergeSource(value: unknown, document: Document.Parsed): boolean {
  const resolved = (node: unknown) => (isAlias(node) ? node.resolve(document) : node)
  const source = resolved(value)
  return isMap(source) || (isSeq(source) && source.items.every((item) => isMap(resolved(item))))
}

const PLAIN_TAGS = new Set(['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((t) => `tag:yaml.org,2002:${t}`))

const aliasFault = (message: string): ImportDiagnostic => ({
  code: 'alias_invalid',
  level: 'error',
  message,
  remedy: 'write the value out instead of using the alias',
})

/** Offset of the value at a JSON pointer, or of the nearest part around it that stands in the text. */
function offsetOf(document: Document.Parsed, pointer: string): number {
  let node: unknown = document.contents
  let offset = 0
  const parts = pointer.split('/').slice(1)
  for (;;) {
    if (isScalar(node) || isCollection(node) || isAlias(node)) offset = node.range?.[0] ?? offset
    if (isAlias(node)) node = node.resolve(document)
    const part = parts.shift()
    if (part === undefined) return offset
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (isSeq(node)) node = node.items[Number(key)]
    else if (isMap(node)) node = node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key)?.value
    else return offset
  }
}
