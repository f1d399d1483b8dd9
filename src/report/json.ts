import type { Report } from '#contract/report.ts'
import type { Review } from '#contract/review.ts'

/** How deep the lists lie of which one text could not hold all: accounts, findings and items are fields of the outermost object. */
const LISTS = 2

/**
 * A whole report or review as one JSON document, as `docs/schema/report.schema.json` and `review.schema.json` describe
 * it, in pieces; ends with a line break.
 */
export const jsonPieces = (document: Report | Review): Generator<string> => documentPieces(document, LISTS)

/**
 * What `JSON.stringify(value, null, 2)` gives, and a line break, in pieces: no text may be longer than 2^29 - 24 characters
 * (V8), and the report of a large organisation is.
 *
 * @param depth  levels of objects and lists that are taken apart; what lies deeper is one piece each
 */
export function* documentPieces(value: unknown, depth: number): Generator<string> {
  yield* pieces(value, depth, '')
  yield '\n'
}

function* pieces(value: unknown, depth: number, indent: string): Generator<string> {
  if (depth === 0 || typeof value !== 'object' || value === null) {
    yield JSON.stringify(value, null, 2).replaceAll('\n', `\n${indent}`)
    return
  }
  const isList = Array.isArray(value)
  const inner = `${indent}  `
  let count = 0
  for (const [key, each] of Object.entries(value)) {
    if (each === undefined && !isList) continue
    yield `${count === 0 ? (isList ? '[' : '{') : ','}\n${inner}${isList ? '' : `${JSON.stringify(key)}: `}`
    yield* pieces(each ?? null, depth - 1, inner)
    count++
  }
  yield count === 0 ? (isList ? '[]' : '{}') : `\n${indent}${isList ? ']' : '}'}`
}
