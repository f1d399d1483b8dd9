/** A JSON Schema as far as `schema.ts` uses it. */
interface Shape {
  readonly type?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly items?: Shape
}

/** The schema of what a person writes: whatever has a default may be left out. */
export function asWritten(schema: object): object {
  const { properties, required = [], items, ...rest }: Shape = schema
  if (items !== undefined) return { ...rest, items: asWritten(items) }
  if (properties === undefined) return schema
  const needed = required.filter((key) => properties[key]?.default === undefined)
  return {
    ...rest,
    ...(needed.length === 0 ? {} : { required: needed }),
    properties: Object.fromEntries(Object.entries(properties).map(([key, each]) => [key, asWritten(each)])),
  }
}

/** The value with every default filled in, at every depth; it fits {@link asWritten} of the schema. */
export function withDefaults(schema: object, value: unknown): unknown {
  const { properties, items, default: standard }: Shape = schema
  const given = value === undefined ? standard : value
  if (Array.isArray(given) && items !== undefined) return given.map((each) => withDefaults(items, each))
  if (properties === undefined || typeof given !== 'object' || given === null) return given
  const filled = Object.entries(properties)
    .map(([key, each]) => [key, withDefaults(each, Reflect.get(given, key))] as const)
    .filter(([, each]) => each !== undefined)
  return Object.fromEntries(filled)
}
