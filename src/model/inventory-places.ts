/** Places as people read them. */
import type { Place } from './facts.ts'

/** `file:line`, or `file#/pointer` where no line is known. */
export function placeText({ file, line, pointer }: Place): string {
  if (line !== undefined) return `${file}:${line}`
  return pointer === undefined || pointer === '' ? file : `${file}#${pointer}`
}

/** The place of a field within the fact at a place. */
export function fieldPlace(place: Place, field: string): Place {
  return { ...place, pointer: `${place.pointer ?? ''}/${field}` }
}

/** An id or other text from a file as a message quotes it: short, on one line, without control characters. */
export function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 77)}...` : text
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return `\`${short.toWellFormed().replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\uFFFD')}\``
}
