/** A process that appends records as fast as it can and tells of each that was acknowledged, to be killed while it does. */
import { writeSync } from 'node:fs'
import { aDecisionRecord } from '#audit/records.fixture.ts'
import { systemClock } from '#lib/clock.ts'
import { anchorOf } from './audit-anchor.ts'
import { openAuditLog } from './audit-log.ts'

const [, , url, anchor] = process.argv
const log = await openAuditLog(url!, {
  node: 'killed',
  clock: systemClock,
  anchors: [anchorOf(anchor!)],
  checkpoints: { records: 40, every: 1000 },
})
const record = aDecisionRecord()
writeSync(1, 'ready\n')
async function appendForever(): Promise<never> {
  for (;;) {
    const { seq, hash } = await log.append(record)
    // written at once: what this process says before it dies was acknowledged
    writeSync(1, `${seq} ${hash}\n`)
  }
}
await Promise.all(Array.from({ length: 32 }, appendForever))
