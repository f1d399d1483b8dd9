/** Reading cookies; each part of the server has its own names. */

/**
 * The value of a cookie if it has the shape that we give it; null where there is none, or several: somebody planted one,
 * and which is which cannot be told.
 */
export function cookieOf(header: string | undefined, name: string, shape = /^[A-Za-z0-9_-]{1,200}$/): string | null {
  const values = (header ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
  })
  const [value, second] = values
  return value !== undefined && second === undefined && shape.test(value) ? value : null
}
