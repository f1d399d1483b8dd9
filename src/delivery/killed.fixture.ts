/** A process that delivers what waits in a store, to be killed while it does. */
import { writeSync } from 'node:fs'
import { keyringOf } from '#authn/keyring.ts'
import { systemClock } from '#lib/clock.ts'
import { guardedFetch } from '#server/guarded-fetch.ts'
import { openDatabase } from '#storage/database.ts'
import { outboxStore } from '#storage/outbox.ts'
import { openOutbox } from './outbox.ts'
import { smsOver } from './smsc.fixture.ts'
import { webhookProvider } from './webhook.ts'

const [, , url, centre, hook, ahead] = process.argv
const clock = () => systemClock() + Number(ahead)
const ask = guardedFetch({ networks: ['127.0.0.0/8'] })
const outbox = openOutbox({
  store: outboxStore(await openDatabase(url!)),
  keyring: keyringOf([{ id: 'k1', secret: new Uint8Array(32).fill(7) }]),
  providers: [
    smsOver(Number(centre), { clock }),
    webhookProvider({ name: 'hook', channel: 'mail', url: hook!, secret: 'c2VjcmV0', ask, clock }),
  ],
  brand: 'Tidewicket',
  clock,
  record: async () => {},
  isWanted: async () => true,
  onFate: async () => {},
  onTrouble: (what, error) => console.error(what, error),
})
writeSync(1, 'ready\n')
await outbox.deliver()
writeSync(1, 'done\n')
await outbox.stop()
process.exit(0)
