/** The server's audit log: opened by its configuration, trimmed once a day. */
import { hostname } from 'node:os'
import type { Clock } from '#lib/clock.ts'
import { anchorOf } from '#storage/audit-anchor.ts'
import { openAuditLog, type AuditLog } from '#storage/audit-log.ts'
import type { Config } from './config/schema.ts'
import type { Log } from './context.ts'

const DAY_MS = 86_400_000
/** Milliseconds between two looks for records that are too old. */
const CUT_EVERY = DAY_MS / 4

/** What this node is called in the audit log. */
export const nodeName = ({ audit }: Pick<Config, 'audit'>): string => audit.node ?? hostname()

export async function startAudit({ store, audit }: Config, clock: Clock, log: Log): Promise<AuditLog> {
  const opened = await openAuditLog(store, {
    node: nodeName({ audit }),
    clock,
    masks: audit.masks,
    keyFile: audit.keyFile ?? null,
    anchors: audit.anchors.map((target) => anchorOf(target, audit.anchorToken ?? null)),
    checkpoints: { records: audit.checkpointRecords, every: audit.checkpointSeconds * 1000 },
    onTrouble: (error) => log.error({ err: error }, 'a checkpoint of the audit log could not be kept or anchored'),
  })
  const { keepDays } = audit
  if (keepDays === undefined) return opened
  const cut = () =>
    void opened
      .cut(clock() - keepDays * DAY_MS)
      .catch((error: unknown) => log.error({ err: error }, 'old records of the audit log could not be taken'))
  const timer = setInterval(cut, CUT_EVERY)
  timer.unref()
  cut()
  return {
    ...opened,
    async close() {
      clearInterval(timer)
      await opened.close()
    },
  }
}
