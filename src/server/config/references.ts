/** Values that stand elsewhere, so that no secret need be written into the configuration: `${env:NAME}`, `file:PATH`. */
import type { Path, ShapeProblem } from '#policy/shape.ts'

/** Where references lead; tests pass their own. */
export interface Elsewhere {
  readonly env: Readonly<Record<string, string | undefined>>
  /** content of a file; throws where it cannot be read */
  readonly read: (path: string) => string
}

const ENVIRONMENT = /^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$/
const FILE = /^file:(.+)$/

export interface Resolved {
  readonly value: unknown
  readonly problems: readonly ShapeProblem[]
  /** whether the value at a path came from elsewhere, and must not be shown */
  readonly hidden: (path: Path) => boolean
}

/** The value with every text that is a reference replaced by what it refers to, trailing line breaks left out. */
export function resolveReferences(written: unknown, elsewhere: Elsewhere): Resolved {
  const problems: ShapeProblem[] = []
  const replaced = new Set<string>()
  const walk = (value: unknown, path: Path): unknown => {
    if (Array.isArray(value)) return value.map((each, index) => walk(each, [...path, index]))
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walk(each, [...path, key])]))
    }
    if (typeof value !== 'string') return value
    const found = lookUp(value, elsewhere)
    if (found === null) return value
    replaced.add(JSON.stringify(path))
    if (typeof found === 'string') return found
    problems.push({ path, ...found })
    return undefined
  }
  return { value: walk(written, []), problems, hidden: (path) => replaced.has(JSON.stringify(path)) }
}

/** What a reference refers to, or what is wrong with it; null for a text that is none. */
function lookUp(text: string, { env, read }: Elsewhere): string | { message: string; remedy: string } | null {
  const name = ENVIRONMENT.exec(text)?.[1]
  if (name !== undefined) {
    const value = env[name]
    if (value !== undefined && value !== '') return value
    return { message: `the environment variable \`${name}\` is not set`, remedy: 'set it, or write the value here' }
  }
  const path = FILE.exec(text)?.[1]
  if (path === undefined) return null
  try {
    return read(path).replace(/\r?\n$/, '')
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return { message: `the file \`${path}\` cannot be read (${why})`, remedy: 'check its path and permissions' }
  }
}
