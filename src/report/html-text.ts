/** Putting text from outside into a page. */
import { visible } from './visible.ts'

/** Text as HTML text or a quoted attribute; characters that act unseen are written out. */
export function escaped(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)
}

/**
 * A value as JSON inside a `script` element: no `<` can end the element or open a comment (HTML §4.12.1.3), and no line
 * separator can end a line of script.
 */
export function islandJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** A name from outside in running text, kept from changing the direction of what stands around it. */
export const nameHtml = (name: string): string => `<bdi>${escaped(name)}</bdi>`

/** An id from outside: set apart, and breakable anywhere, since ids may be very long. */
export const idHtml = (id: string): string => `<code class="id">${escaped(id)}</code>`

/** Message text in which backticks set off user input. */
export function messageHtml(message: string): string {
  return message
    .split(/`([^`]*)`/)
    .map((part, index) => (index % 2 === 1 ? `<code>${escaped(part)}</code>` : escaped(part)))
    .join('')
}
