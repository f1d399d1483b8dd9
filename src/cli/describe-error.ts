import { AmbitError } from '#lib/errors.ts'
import type { Diagnostic } from '#model/facts.ts'

/** What went wrong, for people: one line, or one per problem with its place and remedy. */
export function describeError(error: unknown): string {
  if (isOutOfMemory(error))
    return `ambit: the memory is not enough for this input (${error.message}); what was written is not complete. Analyse fewer systems at a time, or where there is more memory.\n`
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
  // the message by itself repeats the first of them
  const summary = error.detail['summary']
  return `${lines.join('\n')}\nambit: ${typeof summary === 'string' ? summary : error.message}\n`
}

/** Whether a table of numbers found no room, for which V8 throws, unlike for objects. A length that cannot be is a fault of ours. */
export const isOutOfMemory = (error: unknown): error is RangeError =>
  error instanceof RangeError && error.message.startsWith('Array buffer allocation failed')
