/** Shapes of keys in the configuration. */
import { Type } from 'typebox'

export const Closed = { additionalProperties: false } as const

export const words = <const W extends readonly string[]>(
  list: W,
  options: { default?: W[number]; description: string },
) => Type.Unsafe<W[number]>({ type: 'string', enum: [...list], ...options })

export const whole = (minimum: number, maximum: number, standard: number, description: string) =>
  Type.Integer({ minimum, maximum, default: standard, description })

export const text = (description: string, options: { default?: string; pattern?: string } = {}) =>
  Type.String({ minLength: 1, maxLength: 2000, description, ...options })

export const list = (description: string, pattern?: string) =>
  Type.Array(text('one of them', pattern === undefined ? {} : { pattern }), { default: [], description })

/** A key that things in the store are sealed with. */
export const KEY = Type.Object(
  {
    id: text('letters and digits; stands before everything made with the key', { pattern: '^[A-Za-z0-9]{1,16}$' }),
    secret: text('32 random bytes in base64; better `${env:NAME}` or `file:PATH`'),
  },
  Closed,
)
