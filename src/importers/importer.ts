/**
 * The seam between Ambit and the formats it reads: what an importer is, and how one is run.
 *
 * An importer is one file in this folder that exports one {@link Importer}. Nothing else is edited to add one: the
 * command line lists the folder, and `importer.test.ts` holds every importer to the same promises. An importer is
 * pure: a parsed document in, facts out; no clock, no files, no network, no state between documents.
 */
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Diagnostic, Fact, PlacedFact } from '#model/facts.ts'
import { factProblems } from './read-fact.ts'
import { problemsOf } from './read-problems.ts'

/** A {@link Diagnostic} without its place: the importer knows the pointer, the reader knows the file. */
export type ImportDiagnostic = Omit<Diagnostic, 'place'>

/** One thing an importer says: a fact, or something about the document that the reader of the report must know. */
export type Imported =
  | { readonly fact: Fact; readonly pointer: string }
  | { readonly diagnostic: ImportDiagnostic; readonly pointer: string }

export interface ImportContext {
  /** name of the file, as the user gave it; for messages only, never part of an id */
  readonly file: string
}

/** Reads one foreign format. `S` covers only the fields that {@link Importer.facts} uses, and allows all others. */
export interface Importer<S extends TSchema = TSchema> {
  /** unique lower-case word; the prefix of every id that the importer makes (`aws-iam:…`) */
  readonly source: string
  /** what people call the format, for the list printed beside an unrecognised file */
  readonly title: string
  /** Whether a parsed document looks like this format; cheap, from top-level keys, and true for no other format. */
  recognises(root: unknown): boolean
  readonly schema: S
  /**
   * The facts of one document, in document order, each with the JSON pointer of the record it rests on. A record that
   * it cannot express is yielded as a diagnostic, never left out in silence. Must not throw on any page that fits
   * `schema`; the ids it makes need not be checked for length or control characters, the caller does that.
   */
  facts(page: Static<S>, context: ImportContext): Iterable<Imported>
}

/** Whether an export of a module in this folder is an importer. */
export function isImporter(value: unknown): value is Importer {
  if (typeof value !== 'object' || value === null) return false
  return (
    'source' in value &&
    typeof value.source === 'string' &&
    'recognises' in value &&
    typeof value.recognises === 'function' &&
    'facts' in value &&
    typeof value.facts === 'function'
  )
}

/** JSON pointer (RFC 6901) of a path of keys and indices: `pointerOf('users', 3, 'a/b')` is `/users/3/a~1b`. */
export function pointerOf(...path: readonly (string | number)[]): string {
  let pointer = ''
  for (const part of path) {
    pointer += `/${typeof part === 'number' ? part : part.replaceAll('~', '~0').replaceAll('/', '~1')}`
  }
  return pointer
}

/** What reading one document yields. */
export interface ImportResult {
  readonly facts: PlacedFact[]
  readonly diagnostics: Diagnostic[]
}

/**
 * Runs one importer over one parsed document: checks the document against the importer's schema, and every fact
 * against the schema of its kind. A document that does not fit yields no facts and one `import_record_invalid` per
 * misfit; a fact that does not fit (an id with control characters, say) yields `fact_invalid` in its place.
 */
export function runImporter(importer: Importer, root: unknown, context: ImportContext): ImportResult {
  const facts: PlacedFact[] = []
  const diagnostics: Diagnostic[] = []
  const misfits = problemsOf(compiledSchema(importer.schema), root)
  if (misfits.length > 0) {
    for (const { pointer, message, remedy } of misfits) {
      diagnostics.push({
        code: 'import_record_invalid',
        level: 'error',
        message: `not a ${importer.title} that Ambit can read: ${message}`,
        place: { file: context.file, pointer },
        remedy,
      })
    }
    return { facts, diagnostics }
  }
  for (const imported of importer.facts(root, context)) {
    const place = { file: context.file, pointer: imported.pointer }
    if ('diagnostic' in imported) {
      diagnostics.push({ ...imported.diagnostic, place })
      continue
    }
    const problems = factProblems(imported.fact)
    if (problems.length === 0) facts.push({ fact: imported.fact, place })
    for (const { message, remedy } of problems) {
      const subject = `${imported.fact.fact} made from this record`
      diagnostics.push({ code: 'fact_invalid', level: 'error', message: `${subject}: ${message}`, place, remedy })
    }
  }
  return { facts, diagnostics }
}

const compiled = new WeakMap<TSchema, ReturnType<typeof Compile>>()

function compiledSchema(schema: TSchema): ReturnType<typeof Compile> {
  let validator = compiled.get(schema)
  if (!validator) compiled.set(schema, (validator = Compile(schema)))
  return validator
}
