import { InvalidArgumentError, type Command } from 'commander'
import { SCOPES } from '#contract/scopes.ts'
import type { Io } from '../io.ts'
import type { CreateOptions } from './serve.ts'

type Run = <A extends unknown[]>(action: (...args: A) => Promise<number>) => (...args: A) => Promise<void>

// loaded when it is needed: the other commands start faster without a server
const load = () => import('./serve.ts')

const CONFIG = ['-c, --config <file>', 'configuration (default: ambit.yaml, if it is there)'] as const

/** `ambit serve` and `ambit token create | list | revoke`. */
export function serveCommands(ambit: Command, io: Io, run: Run): void {
  ambit
    .command('serve')
    .description('answer decisions over HTTP, from the inventories that it is sent')
    .option(...CONFIG)
    .addHelpText('after', '\nExample:\n  $ ambit serve --config examples/ambit.yaml\n')
    .action(run(async (options: { config?: string }) => (await load()).serveCommand(options, io)))

  const token = ambit.command('token').description('make, list and revoke the tokens by which programs use the server')
  token
    .command('create')
    .description('make a token and print it, this once')
    .requiredOption('-n, --name <name>', 'what it is for')
    .requiredOption('-s, --scope <scope...>', `what it may do: ${SCOPES.join(', ')}`)
    .option('-d, --days <n>', 'days until it ends (default: it does not)', daysArgument)
    .option(...CONFIG)
    .addHelpText('after', '\nExample:\n  $ ambit token create --name gateway --scope decide --days 90\n')
    .action(run(async (options: CreateOptions) => (await load()).tokenCreate(options, io)))
  token
    .command('list')
    .description('every token, without its secret')
    .option(...CONFIG)
    .action(run(async (options: { config?: string }) => (await load()).tokenList(options, io)))
  token
    .command('revoke')
    .description('end a token, on every node within a second')
    .argument('<id>', 'as `ambit token list` shows it')
    .option(...CONFIG)
    .action(run(async (id: string, options: { config?: string }) => (await load()).tokenRevoke(id, options, io)))
}

function daysArgument(word: string): number {
  const days = Number(word)
  if (!Number.isInteger(days) || days < 1 || days > 3650) throw new InvalidArgumentError('write 1 to 3650 days.')
  return days
}
