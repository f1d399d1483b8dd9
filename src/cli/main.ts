import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { SEVERITIES } from '#contract/vocabulary.ts'
import { AmbitError } from '#lib/errors.ts'
import { countFrom, timeArgument } from './arguments.ts'
import { analyzeCommand, EXIT, FORMATS, severityOf, type AnalyzeOptions } from './commands/analyze.ts'
import { auditCommands } from './commands/audit-cli.ts'
import { demoCommand, type DemoOptions } from './commands/demo.ts'
import { explainCommand } from './commands/explain.ts'
import { planCommands } from './commands/plan-cli.ts'
import { policyCommands } from './commands/policy-cli.ts'
import { reviewCommands } from './commands/review.ts'
import { serveCommands } from './commands/serve-cli.ts'
import { simulateCommands } from './commands/simulate-cli.ts'
import { verifyCommand } from './commands/verify.ts'
import { describeError, isOutOfMemory } from './describe-error.ts'
import { processIo, type Io } from './io.ts'
import { refuseOverwriting } from './overwriting.ts'
import { VERSION } from './version.ts'

/** The whole command line. Each command returns its exit code; nothing here decides anything. */
export function program(io: Io, exit: (code: number) => void): Command {
  const ambit = new Command('ambit')
    .description(
      'Decides where a one-time code is good enough: joins what every account can reach with the weakest way into it.',
    )
    .version(VERSION)
    .showHelpAfterError('(add --help for what is possible)')
    .configureOutput({ writeOut: io.write, writeErr: io.error })
    .exitOverride()
    .addHelpText('after', TOP_HELP)
    .hook('preAction', (_, command) => refuseOverwriting(command))
  const run =
    <A extends unknown[]>(action: (...args: A) => Promise<number>) =>
    async (...args: A) =>
      exit(await action(...args))

  ambit
    .command('analyze')
    .alias('analyse')
    .description('read inventories and exports, and report which accounts are guarded too weakly, and why')
    .argument(
      '<path...>',
      'files or folders: Ambit inventories (YAML, JSON, NDJSON) or exports of other systems; - is standard input',
    )
    .option('-p, --policy <file>', 'policy to judge by (default: the built-in one)')
    .addOption(new Option('-f, --format <format>', 'what to write').choices(FORMATS).default('text'))
    .option('-o, --output <file>', 'where to write it (default: standard output)')
    .addOption(failOnOption())
    .option('--at <time>', 'RFC 3339 time at which the facts hold, where no file says', timeArgument)
    .option('--top <n>', 'findings to list in the text summary', countFrom(0))
    .addHelpText('after', ANALYZE_HELP)
    .action(run((paths: string[], options: Omit<AnalyzeOptions, 'paths'>) => analyzeCommand({ ...options, paths }, io)))

  ambit
    .command('explain')
    .description('why one account has its verdict: what it reaches, its weakest way in, what would change it')
    .argument('<account>', 'id of the account, or enough of it to be clear')
    .argument('<path...>', 'files or folders, as for analyze')
    .option('-p, --policy <file>', 'policy to judge by (default: the built-in one)')
    .option('--at <time>', 'RFC 3339 time at which the facts hold, where no file says', timeArgument)
    .addHelpText('after', '\nExample:\n  $ ambit explain idp:noor.haddad examples/tidewicket\n')
    .action(
      run((account: string, paths: string[], options: { policy?: string; at?: string }) =>
        explainCommand({ ...options, account, paths }, io),
      ),
    )

  ambit
    .command('verify')
    .description(
      'check every proof of a report, simulation or breaches against the inventory, with a checker that shares no code with the engine',
    )
    .argument(
      '<report>',
      'what analyze, simulate or breaches wrote with --format json, or analyze with --format ndjson: then of any size',
    )
    .argument('<path...>', 'the files or folders it was made from')
    .addHelpText(
      'after',
      `
Examples:
  $ ambit analyze examples/tidewicket -f json -o report.json
  $ ambit verify report.json examples/tidewicket
  $ ambit analyze inventory/ -f ndjson -o report.ndjson   a report of more than 512 MB
  $ ambit verify report.ndjson inventory/
`,
    )
    .action(run((report: string, paths: string[]) => verifyCommand({ report, paths }, io)))

  policyCommands(ambit, io, run)
  auditCommands(ambit, io, run)
  reviewCommands(ambit, io, run)
  planCommands(ambit, io, run)
  serveCommands(ambit, io, run)
  simulateCommands(ambit, io, run)

  ambit
    .command('demo', { hidden: true })
    .description('analyse the bundled sample organisation and serve it, as npm start does')
    .option('-o, --output <file>', 'where to write the HTML report', 'ambit-report.html')
    .option('--port <n>', 'port to listen on at 127.0.0.1', countFrom(0), 8181)
    .option('--no-serve', 'end after the report; the same where the environment has CI set')
    .action(run((options: DemoOptions) => demoCommand({ ...options, serve: options.serve && !process.env['CI'] }, io)))
  return ambit
}

const failOnOption = () =>
  new Option('--fail-on <severity>', `exit with 1 from this severity on: ${SEVERITIES.join(', ')}, or never`)
    .default('low')
    .argParser((word) => {
      try {
        return severityOf(word)
      } catch (error) {
        throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
      }
    })

const TOP_HELP = `
Examples:
  $ ambit analyze examples/tidewicket
  $ ambit analyze inventory.yaml okta.json aws.json -f html -o report.html
  $ ambit explain idp:noor.haddad examples/tidewicket
  $ ambit policy check my-policy.yaml

Exit codes: 0 nothing at or above the threshold, 1 findings (or a proof or case that fails), 2 bad input or usage.`

const ANALYZE_HELP = `
Examples:
  $ ambit analyze examples/tidewicket                              a summary on the terminal
  $ ambit analyze examples/tidewicket -f html -o report.html       one file to read, send or print
  $ ambit analyze keycloak-realm.json aws.json -f json -o r.json   for machines; ambit verify checks it
  $ ambit analyze inventory/ -f sarif -o ambit.sarif --fail-on high`

/** Runs the command line and sets the exit code; never throws. */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  let code: number = EXIT.clean
  try {
    await program(io, (result) => (code = result)).parseAsync([...argv], { from: 'user' })
  } catch (error) {
    io.progress.done()
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.clean : EXIT.bad
    io.error(describeError(error))
    return error instanceof AmbitError || isOutOfMemory(error) ? EXIT.bad : 70 // EX_SOFTWARE of sysexits: a fault of ours
  }
  return code
}
