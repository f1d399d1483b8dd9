/** One way to write a value as JSON: keys in order of their UTF-16 units at every depth, no spaces, numbers as ECMAScript writes them (RFC 8785). */

/**
 * @throws {TypeError} where the value has no JSON: a number that is not finite, a function, a cycle
 */
export function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} is not JSON`)
    const text = JSON.stringify(value) as string | undefined
    if (text === undefined) throw new TypeError(`a ${typeof value} is not JSON`)
    return text
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const members: string[] = []
  const object = value as Readonly<Record<string, unknown>>
  for (const key of Object.keys(object).toSorted()) {
    // a member that is undefined is absent, as JSON.stringify has it
    if (object[key] !== undefined) members.push(`${JSON.stringify(key)}:${canonical(object[key])}`)
  }
  return `{${members.join(',')}}`
}
