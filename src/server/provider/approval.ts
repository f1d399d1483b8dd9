/** Whether a session may let a client in on a device: a question to the decision point like any other, on record like any other. */
import { newId } from '#lib/ids.ts'
import { evaluate, type EvaluateParts } from '#server/evaluate.ts'
import type { ApproveDevice } from './device.ts'

export function deviceApproval(context: EvaluateParts, issuer: string): ApproveDevice {
  return ({ client, session, shown }) =>
    evaluate(context, {
      request: {
        subject: { type: 'token', id: session.account },
        action: { name: 'approve_device' },
        resource: { type: 'client', id: client },
      },
      session: {
        issuer,
        subject: session.account,
        client,
        sessionId: session.id,
        acr: shown.acr,
        amr: shown.amr,
        authTime: shown.authTime,
        startedAt: Math.floor(session.startedAt / 1000),
        lastUsedAt: Math.floor(session.usedAt / 1000),
        keyClass: shown.keyClass,
        // what a key may prove by where it was enrolled is in the strength already
        boundAtAal: null,
        // the approver's own browser asks, with the short cookie beside the long one
        senderConstrained: session.binding === undefined ? null : 'dbsc',
      },
      stepUpsTried: 0,
      by: { type: 'account', id: session.account },
      requestId: newId('rq'),
    })
}
