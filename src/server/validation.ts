/**
 * Requests held to their schemas as they came: what a schema does not know is refused and not dropped, and a text is no number.
 * Defaults are filled in. Only the parts of an address, which are texts all, are read as what the schema wants.
 */
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import Value from 'typebox/value'
import { AmbitError } from '#lib/errors.ts'

/** Problems told of one request. */
const MOST = 20

export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const checker = Compile(schema)
  const part = httpPart === 'querystring' ? 'query' : (httpPart ?? 'request')
  return (given: unknown) => {
    const whole = Value.Default(schema, given)
    const value = httpPart === 'body' ? whole : Value.Convert(schema, whole)
    if (checker.Check(value)) return { value }
    // one line for what is not known: the schema of such a member, which is false, says nothing more
    const faults = [...checker.Errors(value)].filter(({ keyword }) => keyword !== 'boolean')
    const problems = faults.slice(0, MOST).map(({ instancePath, message, params }) => {
      const names = 'additionalProperties' in params ? `: ${params.additionalProperties.join(', ')}` : ''
      return { at: `${part}${instancePath}`, message: `${message}${names}` }
    })
    const [first] = problems
    return {
      error: new AmbitError('request_invalid', `${first?.at ?? part} ${first?.message ?? 'is malformed'}`, {
        problems,
      }),
    }
  }
}
