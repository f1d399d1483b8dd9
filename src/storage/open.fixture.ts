/** A process that opens a store, to be killed while it does. */
import { openDatabase } from './database.ts'

process.send?.('ready')
await openDatabase(process.argv[2]!)
setInterval(() => {}, 1000)
