/** What a schema cannot say of a single fact: dates that exist, conditions that can be met, periods that run forward. */
import { DATE_PATTERN, FACT_SCHEMAS, type Diagnostic, type FactKind, type Formula, type PlacedFact } from './facts.ts'
import { instantOf } from './inventory-dates.ts'
import { named } from './inventory-links.ts'
import { fieldPlace, quoted } from './inventory-places.ts'

/** Checks each fact by itself. */
export function checkFacts(facts: readonly PlacedFact[], diagnostics: Diagnostic[]): void {
  for (const placed of facts) {
    const { fact, place } = placed
    const report = (level: Diagnostic['level'], { code, field, message, remedy }: Finding) =>
      diagnostics.push({ code, level, message: `${named(fact)}: ${message}`, place: fieldPlace(place, field), remedy })
    checkDates(placed, report)
    if (fact.fact === 'wayIn') checkFormula(fact.requires, 'requires', report)
    else if (fact.fact === 'rule') checkFormula(fact.when, 'when', report)
    else if (fact.fact === 'exception') {
      if ((instantOf(fact.end) ?? 0) < (instantOf(fact.start) ?? 0)) {
        const message = `it ends at ${fact.end}, before it starts at ${fact.start}`
        report('error', { code: 'exception_period', field: 'end', message, remedy: 'correct `start` or `end`' })
      }
    } else if (fact.fact === 'authenticator' && (fact.of ?? []).length === 0) {
      const message = 'it names no account in `of`, so no right to reset authenticators is seen to reach it'
      report('warning', { code: 'authenticator_unowned', field: 'of', message, remedy: 'name its account in `of`' })
    }
  }
}

interface Finding {
  readonly code: string
  readonly field: string
  readonly message: string
  readonly remedy: string
}
type Report = (level: Diagnostic['level'], finding: Finding) => void

/** Fields that hold dates, by kind, as paths: taken from the schemas, so that a new one is checked from the start. */
const DATE_FIELDS: ReadonlyMap<FactKind, readonly (readonly string[])[]> = new Map(
  Object.values(FACT_SCHEMAS).map((schema) => [schema.properties.fact.const, datePaths(schema)]),
)

function datePaths(schema: object): string[][] {
  if ('pattern' in schema && schema.pattern === DATE_PATTERN) return [[]]
  const properties = 'properties' in schema && typeof schema.properties === 'object' ? schema.properties : {}
  return Object.entries(properties ?? {}).flatMap(([field, inner]) =>
    typeof inner === 'object' && inner !== null ? datePaths(inner).map((path) => [field, ...path]) : [],
  )
}

function checkDates({ fact }: PlacedFact, report: Report): void {
  for (const path of DATE_FIELDS.get(fact.fact) ?? []) {
    let value: unknown = fact
    for (const field of path) {
      value = typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined
      if (value === undefined) break
    }
    if (typeof value !== 'string' || instantOf(value) !== undefined) continue
    const message = `\`${path.join('.')}\` is ${quoted(value)}, which does not exist`
    const field = path.join('/')
    report('error', { code: 'date_invalid', field, message, remedy: 'correct the day or the time' })
  }
}

/** An empty `all` would be entry for free, and an unreachable `atLeast` no entry at all; both are slips of the pen. */
function checkFormula(formula: Formula, field: string, report: Report): void {
  if (typeof formula === 'string') return
  const [word, parts] =
    'all' in formula ? ['all', formula.all] : 'any' in formula ? ['any', formula.any] : ['of', formula.of]
  if (parts.length === 0) {
    const effect = word === 'all' ? 'would let everyone in' : 'could never be met'
    const message = `a condition with nothing in \`${word}\` ${effect}`
    const remedy = 'list what it asks for; for entry that asks for nothing, describe who can take it as a `rule`'
    report('error', { code: 'formula_empty', field: `${field}/${word}`, message, remedy })
  } else if ('atLeast' in formula) {
    const distinct = new Set(parts).size
    if (formula.atLeast > distinct) {
      const message = `a condition asks for ${formula.atLeast} of ${distinct} things, which could never be met`
      report('error', {
        code: 'formula_unmeetable',
        field: `${field}/atLeast`,
        message,
        remedy: 'lower `atLeast`, or list more',
      })
    }
  }
  for (const [index, part] of parts.entries()) checkFormula(part, `${field}/${word}/${index}`, report)
}
