import { EXIT } from './commands/analyze.ts'
import { main } from './main.ts'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // a closed pipe (`ambit … | head`) is no fault
  if (error.code === 'EPIPE') process.exit(EXIT.clean)
  // a full disk is, and the 1 that Node would end with says that there are findings
  process.stderr.write(`ambit: cannot write to standard output: ${error.message}; what was written is not complete\n`)
  process.exit(EXIT.bad)
})
process.exitCode = await main(process.argv.slice(2))
