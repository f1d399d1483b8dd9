import { AmbitError } from '#lib/errors.ts'
import type { Diagnostic } from '#model/facts.ts'

/** What went wrong, for people: one line, or one per problem with its place and remedy. */
export function describeError(error: unknown): string {
  if (!(error instanceof AmbitError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return `ambit: this is a fault of Ambit, not of your input; please report it with these lines\n${stack}\n`
  }
  const diagnostics = error.detail['diagnostics']
  if (!Array.isArray(diagnostics)) return `ambit: ${error.message}\n`
  const errors = (diagnostics as Diagnostic[]).filter(({ level }) => level === 'error')
  const lines = errors.map(({ message, place, remedy }) => {
    const where =
      place === undefined
        ? ''
        : `${place.file}${place.line === undefined ? '' : `:${place.line}`}${place.pointer ? ` ${place.pointer}` : ''}: `
    return `${where}${message}\n    ${remedy}`
  })
  return `${lines.join('\n')}\nambit: ${error.message}\n`
}
