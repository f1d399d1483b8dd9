/** What the audit log says of a node: since when it decides, by which policy, on which facts, and until when. */
import { createHash } from 'node:crypto'
import type { RecordOf } from '#audit/records.ts'
import type { Clock } from '#lib/clock.ts'
import type { Policies } from './policies.ts'
import type { AuditSink, Log } from './context.ts'

export interface NodeParts {
  readonly audit: AuditSink
  readonly clock: Clock
  readonly log: Log
  readonly node: string
  /** of the program */
  readonly version: string
}

export interface NodeRecord {
  /** to be called before the first answer; rejects where it cannot be written down: nobody would know what decided then */
  readonly started: (by: {
    readonly policies: Policies
    readonly snapshot: string | null
    /** digest of the configuration */
    readonly config: string
  }) => Promise<void>
  /** to be called after the last answer; says nothing of a node that never started */
  readonly stopped: () => Promise<void>
}

export function nodeRecord({ audit, clock, log, node, version }: NodeParts): NodeRecord {
  let isStarted = false
  const of = (did: 'started' | 'stopped'): RecordOf<'node'> => ({
    kind: 'node',
    at: clock(),
    by: { type: 'node', id: node },
    did,
    node,
    version,
    why: [],
  })
  return {
    async started({ policies: { policy, access }, snapshot, config }) {
      await audit.append({
        ...of('started'),
        policy: policy.hash,
        policyName: policy.name,
        access: access.map(({ text }) => `sha256:${createHash('sha256').update(text).digest('hex')}`),
        snapshot,
        config,
      })
      isStarted = true
    },
    async stopped() {
      if (!isStarted) return
      isStarted = false
      await audit
        .append(of('stopped'))
        .catch((error: unknown) => log.error({ err: error }, 'the audit log cannot be told that the node stopped'))
    },
  }
}
