/** Shapes of fields in audit records. Each is closed: a field takes an id, a word or a number, and no free text. */
import Type, { type TProperties, type TSchema } from 'typebox'

export const closed = <P extends TProperties>(properties: P) => Type.Object(properties, { additionalProperties: false })
export const words = <const W extends readonly string[]>(list: W) =>
  Type.Unsafe<W[number]>({ type: 'string', enum: [...list] })
export const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
export const listOf = <T>(items: TSchema, maxItems = 1000) => Type.Unsafe<readonly T[]>(Type.Array(items, { maxItems }))

/** No control characters; long enough for a URL that names a resource. */
export const Id = Type.String({ pattern: '^[^\\u0000-\\u001f\\u007f]{1,2048}$' })
/** A word of a program: why something was refused, what was noticed. */
export const Code = Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_.:/-]{0,199}$' })
export const Hash = Type.String({ pattern: '^sha256:[0-9a-f]{64}$' })
export const Flag = Type.Boolean()
/** Milliseconds since 1970. */
export const Millis = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 })
/** Seconds, since 1970 or of a span; whoever decides may keep fractions. */
export const Seconds = Type.Number()
export const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
