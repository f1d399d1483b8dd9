import { Option, type Command } from 'commander'
import { collected, countFrom, timeArgument } from '../arguments.ts'
import type { Io } from '../io.ts'
import { breachesCommand, type BreachesOptions } from './breaches.ts'
import { SIMULATION_FORMATS, simulateCommand, type SimulateOptions } from './simulate.ts'

type Run = <A extends unknown[]>(action: (...args: A) => Promise<number>) => (...args: A) => Promise<void>

/** `ambit simulate` and `ambit breaches`. */
export function simulateCommands(ambit: Command, io: Io, run: Run): void {
  ambit
    .command('simulate')
    .description('what falls, step by step, if an attacker of the policy succeeds, and what the answer hangs on')
    .argument('<path...>', 'files or folders, as for analyze')
    .option('-a, --attacker <name>', 'an attacker of the policy; several act together', collected, [])
    .option(
      '-s, --start <id>',
      'a thing that the attacker holds besides: an account, mailbox, secret, right …',
      collected,
      [],
    )
    .option('--all', 'every attacker of the policy, each alone, as a table')
    .option('-p, --policy <file>', 'policy with the attackers (default: the built-in one)')
    .addOption(new Option('-f, --format <format>', 'what to write').choices(SIMULATION_FORMATS).default('text'))
    .option('-o, --output <file>', 'where to write it (default: standard output)')
    .option('--at <time>', 'RFC 3339 time at which the facts hold, where no file says', timeArgument)
    .option('--top <n>', 'how much of each step the text shows', countFrom(0))
    .addHelpText('after', HELP)
    .action(
      run((paths: string[], options: Omit<SimulateOptions, 'paths'>) => simulateCommand({ ...options, paths }, io)),
    )

  ambit
    .command('breaches')
    .description('whether the chains of known incidents could happen here, and if not, what stands in the way')
    .argument('<path...>', 'files or folders, as for analyze')
    .option('-p, --policy <file>', 'policy with the attackers (default: the built-in one)')
    .option('--patterns <file>', 'patterns of your own, in place of the built-in ones')
    .option('--only <id>', 'one pattern alone; may be repeated', collected, [])
    .addOption(new Option('-f, --format <format>', 'what to write').choices(['text', 'json']).default('text'))
    .option('-o, --output <file>', 'where to write it (default: standard output)')
    .addOption(
      new Option('--fail-on <status>', 'exit with 1 where a chain is at least this')
        .choices(['possible', 'unknown', 'never'])
        .default('unknown'),
    )
    .option('--at <time>', 'RFC 3339 time at which the facts hold, where no file says', timeArgument)
    .addHelpText('after', BREACHES_HELP)
    .action(
      run((paths: string[], options: Omit<BreachesOptions, 'paths'>) => breachesCommand({ ...options, paths }, io)),
    )
}

const HELP = `
Examples:
  $ ambit simulate examples/tidewicket --all                              every attacker, one line each
  $ ambit simulate examples/tidewicket -a sim_swap                        one of them, wave by wave
  $ ambit simulate examples/small.yaml -s mail:ada/inbox                  one named mailbox is read by others
  $ ambit simulate inventory/ -a phishing_relay -a help_desk_impersonation -f html -o cascade.html
  $ ambit simulate inventory/ -a rogue_admin -s idp:mallory -f json -o s.json && ambit verify s.json inventory/

Exit codes: 0 whatever falls, 2 bad input or usage. \`ambit breaches\` and \`ambit analyze\` judge.`

const BREACHES_HELP = `
Examples:
  $ ambit breaches examples/tidewicket
  $ ambit breaches examples/breaches/retool.yaml --only relayed_enrolment_to_synced_seeds
  $ ambit breaches inventory/ --patterns our-patterns.yaml -f json -o breaches.json

Exit codes: 0 none could happen, 1 one could or cannot be ruled out, 2 bad input or usage.`
