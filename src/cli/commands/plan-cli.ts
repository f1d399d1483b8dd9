import { InvalidArgumentError, Option, type Command } from 'commander'
import { AmbitError } from '#lib/errors.ts'
import { collected, timeArgument } from '../arguments.ts'
import type { Io } from '../io.ts'
import { cutCommand } from './cut.ts'
import { planCommand, whatIfCommand, type PlanCommandOptions, type WhatIfOptions } from './plan.ts'

type Run = <A extends unknown[]>(action: (...args: A) => Promise<number>) => (...args: A) => Promise<void>

/** `ambit plan` and `ambit whatif`. */
export function planCommands(ambit: Command, io: Io, run: Run): void {
  const format = () =>
    new Option('-f, --format <format>', 'what to write').choices(['text', 'json', 'html']).default('text')
  ambit
    .command('plan')
    .description('the cheapest set of changes after which a goal holds and nobody is locked out, step by step')
    .argument('[path...]', 'inventories, as for analyze')
    .option('-p, --policy <file>', 'policy to judge by, and to price by (default: the built-in one)')
    .option('-g, --goal <goal>', 'what is to hold after the plan; may be repeated (default: no-unfit)', collected, [])
    .option('--budget <hours>', 'settle as much as so many hours of the first year can', hoursArgument)
    .option('--time-limit <seconds>', 'longest time to look for a cheaper answer', secondsArgument, 30)
    .addOption(new Option('--and-or <file>', 'cut an AND/OR graph in the format of META4ICS instead of an inventory'))
    .addOption(format())
    .option('-o, --output <file>', 'where to write it (default: standard output)')
    .option('--at <time>', 'RFC 3339 time at which the facts hold, where no file says', timeArgument)
    .addHelpText('after', PLAN_HELP)
    .action(
      run(async (paths: string[], options: Omit<PlanCommandOptions, 'paths'> & { andOr?: string }) => {
        const { andOr, goal, ...rest } = options
        if (andOr !== undefined) return cutCommand({ andOr, format: rest.format, timeLimit: rest.timeLimit }, io)
        if (paths.length === 0)
          throw new AmbitError('usage', 'name the inventories to plan for, or a graph with --and-or')
        return planCommand({ ...rest, paths, goal: goal.length === 0 ? ['no-unfit'] : goal }, io)
      }),
    )
  ambit
    .command('whatif')
    .description('what some changes would do, account by account: before and after, side by side')
    .argument('<path...>', 'inventories, as for analyze')
    .requiredOption(
      '-c, --change <file>',
      'changes: the JSON of a plan, whole or some of its steps, or a file of your own',
    )
    .option('-p, --policy <file>', 'policy to judge by (default: the built-in one)')
    .addOption(format())
    .option('-o, --output <file>', 'where to write it (default: standard output)')
    .option('--at <time>', 'RFC 3339 time at which the facts hold, where no file says', timeArgument)
    .addHelpText('after', WHATIF_HELP)
    .action(run((paths: string[], options: Omit<WhatIfOptions, 'paths'>) => whatIfCommand({ ...options, paths }, io)))
}

function secondsArgument(word: string): number {
  const seconds = Number(word)
  if (!(seconds > 0)) throw new InvalidArgumentError('write a number of seconds above 0.')
  return seconds
}

function hoursArgument(word: string): number {
  const hours = Number(word)
  if (!(hours >= 0)) throw new InvalidArgumentError('write a number of hours.')
  return hours
}

const PLAN_HELP = `
Goals:
  no-unfit[:IMPACT]                 no account has a way in too weak for what it reaches
  no-attacker:NAME[:IMPACT]         no account (of that impact or more) falls to this attacker of the policy
  no-reach:CAPABILITY[:IMPACT]      no attacker gains this capability on anything that matters so much (moderate)
  protect:ID                        no attacker gains this account, secret, group or other thing

Examples:
  $ ambit plan examples/tidewicket
  $ ambit plan examples/tidewicket --goal no-attacker:phishing_relay:high -f html -o plan.html
  $ ambit plan examples/tidewicket --goal protect:cloud:wl/payout-engine -f json -o plan.json
  $ ambit plan examples/tidewicket --budget 20
  $ ambit plan --and-or graph.json

Exit codes: 0 the goal holds after the steps, 1 it does not, 2 bad input or usage.`

const WHATIF_HELP = `
Examples:
  $ ambit plan examples/tidewicket -f json -o plan.json
  $ ambit whatif examples/tidewicket --change plan.json
  $ ambit whatif examples/tidewicket --change my-change.yaml -f html -o whatif.html

Exit codes: 0 nobody is worse off, 1 somebody is, 2 bad input or usage.`
