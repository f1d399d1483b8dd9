import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Io } from '../io.ts'
import { cutCommand, type CutOptions } from './cut.ts'

type Run = <A extends unknown[]>(action: (...args: A) => Promise<number>) => (...args: A) => Promise<void>

/** `ambit plan`. */
export function planCommands(ambit: Command, io: Io, run: Run): void {
  ambit
    .command('plan')
    .description('the cheapest set of changes after which a goal holds')
    .addOption(new Option('--and-or <file>', 'cut an AND/OR graph in the format of META4ICS instead of an inventory'))
    .option('--time-limit <seconds>', 'longest time to look for a cheaper answer', secondsArgument, 30)
    .addOption(new Option('-f, --format <format>', 'what to write').choices(['text', 'json']).default('text'))
    .addHelpText('after', PLAN_HELP)
    .action(run((options: CutOptions) => cutCommand(options, io)))
}

function secondsArgument(word: string): number {
  const seconds = Number(word)
  if (!(seconds > 0)) throw new InvalidArgumentError('write a number of seconds above 0.')
  return seconds
}

const PLAN_HELP = `
Examples:
  $ ambit plan --and-or graph.json      the cheapest cut of an AND/OR graph, with its bound`
