/**
 * `POST /delivery/receipts/NAME`: receipts of an HTTP gateway, as JSON or as a form. The gateway is known by its token, as `Authorization:
 * Bearer`, or as the password of HTTP Basic where it can do no more.
 */
import formBody from '@fastify/formbody'
import type { FastifyInstance } from 'fastify'
import { receiptFrom } from '#delivery/http-gateway.ts'
import type { Outbox } from '#delivery/outbox.ts'
import { AmbitError } from '#lib/errors.ts'
import type { DelivererConfig } from '#server/config/delivery.ts'
import { isSharedToken } from '#server/shared-token.ts'

const LIMIT = 65_536

export function receiptRoutes(delivery: readonly DelivererConfig[], outbox: Pick<Outbox, 'receipt'>) {
  return async (app: FastifyInstance): Promise<void> => {
    await app.register(formBody, { bodyLimit: LIMIT })
    app.post<{ Params: { name: string } }>(
      '/delivery/receipts/:name',
      { config: { access: 'own' }, bodyLimit: LIMIT },
      async (request, reply) => {
        const { name } = request.params
        const shape = delivery.find((each) => each.name === name)?.http?.receipts
        // whoever has no token does not learn which names there are
        if (!isSharedToken(request.headers.authorization, shape?.token, { orBasic: true })) {
          reply.header('www-authenticate', 'Bearer realm="ambit-receipts"')
          throw new AmbitError('unauthenticated', 'send the token of `receipts` in the configuration')
        }
        const receipt = receiptFrom(request.body, shape!)
        if (receipt === 'unreadable')
          throw new AmbitError('request_invalid', 'the receipt has not the form that `receipts` describes')
        // one that is not known yet may be told again
        if (receipt !== null && !(await outbox.receipt(name, receipt)))
          throw new AmbitError('not_found', 'no message of this name waits for a receipt')
        return reply.code(204).send()
      },
    )
  }
}
