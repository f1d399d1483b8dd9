/**
 * JSON without its two silences: `JSON.parse` keeps only the last of two equal keys, and says where an error is only
 * sometimes. The fast path is `JSON.parse` beside one scan of the text; the slow path, {@link walkJson}, is taken only
 * when something is wrong, and says where.
 */
import { pointerOf } from './importer.ts'
import { shown } from './read-problems.ts'

/** Deepest nesting of a document. Exports of real systems stay under twenty; the limit keeps every later walk safe. */
export const MAX_DEPTH = 100

/** Where and how a text fails to be usable JSON. */
export interface JsonFault {
  readonly code: 'syntax_invalid' | 'key_repeated' | 'nesting_too_deep'
  readonly message: string
  readonly remedy: string
  /** index into the text, of UTF-16 units */
  readonly offset: number
  readonly pointer?: string
}

/** Parses one JSON text; a fault instead of a value when it is broken, repeats a key, or nests too deeply. */
export function parseJson(text: string): { readonly value: unknown } | { readonly fault: JsonFault } {
  const { keys, depth } = scanJson(text)
  if (depth <= MAX_DEPTH) {
    try {
      const value: unknown = JSON.parse(text)
      if (keysOf(value) === keys) return { value }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
  }
  const fault = walkJson(text, () => undefined)
  if (!fault) throw new RangeError('JSON.parse and walkJson disagree') // a fault of ours, found by the fuzz test
  return { fault }
}

/**
 * Parses lines of JSON all at once, which takes less than one by one. Undefined when there is anything about a line that
 * {@link parseJson} would find, or a blank line among them: then each is to be parsed by itself.
 *
 * @param bytes  the same as `text`, in UTF-8
 */
export function parseJsonLines(bytes: Uint8Array, text: string): readonly unknown[] | undefined {
  const scan = scanLines(bytes)
  if (!scan) return undefined
  const end = text.endsWith('\n') ? text.length - 1 : text.length
  let values: unknown
  try {
    // with the line feeds, so that none is taken for a part of a text
    values = JSON.parse(`[${text.slice(0, end).replaceAll('\n', ',\n')}]`)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return undefined
  }
  // no line ends inside of a value, so each holds one value at least; as many as lines are one each
  if (!Array.isArray(values) || values.length !== scan.lines || keysOf(values) !== scan.keys) return undefined
  return values
}

/**
 * Counts lines and keys of JSON lines in one pass, both exact where the lines are valid; undefined when a line ends inside
 * of an object or list, or nests too deeply.
 */
function scanLines(bytes: Uint8Array): { lines: number; keys: number } | undefined {
  let lines = bytes.length > 0 && bytes[bytes.length - 1] !== 0x0a ? 1 : 0
  let keys = 0
  let depth = 0
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i]
    if (c === 0x22) {
      for (i++; i < bytes.length && bytes[i] !== 0x22; i++) if (bytes[i] === 0x5c) i++
    } else if (c === 0x3a) keys++
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > MAX_DEPTH) return undefined
    } else if (c === 0x7d || c === 0x5d) depth--
    else if (c === 0x0a) {
      if (depth > 0) return undefined
      lines++
    }
  }
  return { lines, keys }
}

/** Counts the keys and the deepest nesting of a JSON text in one pass; both are exact when the text is valid. */
function scanJson(text: string): { keys: number; depth: number } {
  let keys = 0
  let depth = 0
  let deepest = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x22) {
      i = text.indexOf('"', i + 1)
      while (i > 0 && isEscaped(text, i)) i = text.indexOf('"', i + 1)
      if (i < 0) break
    } else if (c === 0x3a) keys++
    else if (c === 0x7b || c === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (c === 0x7d || c === 0x5d) depth--
  }
  return { keys, depth: deepest }
}

/** Whether the quote at `i` has an odd number of backslashes before it. */
function isEscaped(text: string, i: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(i - 1 - backslashes) === 0x5c) backslashes++
  return backslashes % 2 === 1
}

/** Number of keys in a parsed value, however deep; the value nests no deeper than {@link MAX_DEPTH}. */
function keysOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') count += keysOf(item)
    return count
  }
  for (const field of Object.values(value)) {
    count++
    if (typeof field === 'object') count += keysOf(field)
  }
  return count
}

/** An open object or array, while walking: the keys met so far (objects only), and the key or index being read. */
interface Frame {
  readonly keys: Set<string> | undefined
  key: string | number
}

/**
 * Walks a JSON text token by token (RFC 8259) and calls `visit` with the path and offset of every value, in order.
 * The path is a live array, valid during the call. Iterative, so that no depth of nesting overflows the stack.
 *
 * @returns the first fault, or undefined when there is none
 */
export function walkJson(
  text: string,
  visit: (path: readonly (string | number)[], offset: number) => void,
): JsonFault | undefined {
  const frames: Frame[] = []
  const path: (string | number)[] = []
  let state: 'value' | 'first' | 'key' | 'after' = 'value'
  let at = 0
  for (;;) {
    at = afterSpace(text, at)
    const c = text[at]
    const frame = frames.at(-1)
    const close = frame?.keys ? '}' : ']'
    if (state === 'value') {
      visit(path, at)
      if (c === '{' || c === '[') {
        if (frames.length >= MAX_DEPTH) return tooDeep(at)
        frames.push({ keys: c === '{' ? new Set() : undefined, key: 0 })
        path.push(0)
        at++
        state = 'first'
      } else {
        const end = scalarEnd(text, at)
        if (end < 0) return broken(text, at, 'a value')
        at = end
        state = 'after'
      }
    } else if (frame && c === close && state !== 'key') {
      frames.pop()
      path.pop()
      at++
      state = 'after'
    } else if (state === 'first') {
      state = frame?.keys ? 'key' : 'value'
    } else if (state === 'key') {
      const end = c === '"' ? scalarEnd(text, at) : -1
      if (end < 0 || !frame?.keys) return broken(text, at, 'a key in double quotes')
      const key = String(JSON.parse(text.slice(at, end)))
      path[path.length - 1] = key
      if (frame.keys.has(key)) return repeatedKey(key, at, pointerOf(...path))
      frame.keys.add(key)
      at = afterSpace(text, end)
      if (text[at] !== ':') return broken(text, at, '`:`')
      at++
      state = 'value'
    } else if (!frame) {
      return at === text.length ? undefined : broken(text, at, 'the end of the file')
    } else {
      if (c !== ',') return broken(text, at, `\`,\` or \`${close}\``)
      at++
      if (frame.keys) state = 'key'
      else {
        path[path.length - 1] = frame.key = Number(frame.key) + 1
        state = 'value'
      }
    }
  }
}

function afterSpace(text: string, at: number): number {
  let c = text.charCodeAt(at)
  while (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) c = text.charCodeAt(++at)
  return at
}

/** Every character of a number or literal, well-formed or not. */
const BARE = /[-+.\w]+/y

/** Index after the string, number or literal at `at`; -1 when none is there. */
function scalarEnd(text: string, at: number): number {
  let end: number
  if (text[at] === '"') {
    end = text.indexOf('"', at + 1)
    while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
    if (end < 0) return -1
    end++
  } else {
    BARE.lastIndex = at
    if (!BARE.test(text)) return -1
    end = BARE.lastIndex
  }
  try {
    JSON.parse(text.slice(at, end))
    return end
  } catch {
    return -1
  }
}

function broken(text: string, offset: number, expected: string): JsonFault {
  // an unclosed string is seen at its opening quote, although it is the end of the file that is missing
  const quote = text[offset] === '"'
  const cutOff = offset >= text.length || (quote && text.indexOf('"', offset + 1) < 0)
  const code = 'syntax_invalid'
  if (cutOff) {
    const message = 'not valid JSON: it ends in the middle of a value'
    return { code, message, remedy: 'it was probably cut off; export it again', offset }
  }
  if (quote && expected !== '`:`' && !expected.includes(',')) {
    const message = 'not valid JSON: a text with a raw control character, or a backslash that means nothing'
    return { code, message, remedy: 'write it as `\\n`, `\\t`, `\\u0000`, and a backslash as `\\\\`', offset }
  }
  return { code, message: `not valid JSON: ${expected} belongs here`, remedy: 'correct the JSON at this place', offset }
}

const tooDeep = (offset: number): JsonFault => ({
  code: 'nesting_too_deep',
  message: `nested deeper than ${MAX_DEPTH} levels`,
  remedy: 'no format that Ambit reads nests so deeply; look for a mistake at this place',
  offset,
})

const repeatedKey = (key: string, offset: number, pointer: string): JsonFault => ({
  code: 'key_repeated',
  message: `the key ${shown(key)} stands twice in one object; one of the two would be lost`,
  remedy: 'merge the two, or rename one',
  offset,
  pointer,
})

/** Line number, from 1, of an offset into a text. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let i = text.indexOf('\n'); i >= 0 && i < offset; i = text.indexOf('\n', i + 1)) line++
  return line
}

/** Line numbers, from 1, of the values at some JSON pointers; those that point nowhere are left out. */
export function linesOf(text: string, pointers: ReadonlySet<string>): ReadonlyMap<string, number> {
  const lines = new Map<string, number>()
  let line = 1
  let from = 0
  const around: string[] = [] // pointers of the containers that are open, each made once
  walkJson(text, (path, offset) => {
    const pointer = path.length === 0 ? '' : `${around[path.length - 1]}${pointerOf(path.at(-1) ?? '')}`
    around[path.length] = pointer
    if (!pointers.has(pointer)) return
    for (let i = text.indexOf('\n', from); i >= 0 && i < offset; i = text.indexOf('\n', from)) {
      line++
      from = i + 1
    }
    lines.set(pointer, line)
  })
  return lines
}
