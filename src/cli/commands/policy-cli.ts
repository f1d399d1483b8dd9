import { Option, type Command } from 'commander'
import { timeArgument } from '../arguments.ts'
import type { Io } from '../io.ts'
import { policyReplay, type ReplayOptions } from './policy-replay.ts'
import { policyCheck, policyDiff, policyTest, type DiffOptions } from './policy.ts'

type Run = <A extends unknown[]>(action: (...args: A) => Promise<number>) => (...args: A) => Promise<void>

/** `ambit policy check | test | diff | replay`. */
export function policyCommands(ambit: Command, io: Io, run: Run): void {
  const policy = ambit
    .command('policy')
    .description('check a policy, run its cases, or see whose verdict or access it would change')
    .addHelpText('after', HELP)

  policy
    .command('check')
    .description('whether a policy is valid, and what in it cannot be meant')
    .argument('<file>', 'a policy file, or `default` for the built-in one')
    .action(run((file: string) => policyCheck(file, io)))

  policy
    .command('test')
    .description('run the cases written in the policy, and those in <name>.cases.yaml beside it')
    .argument('<file>', 'a policy file, or `default` for the built-in one')
    .action(run((file: string) => policyTest(file, io)))

  policy
    .command('diff')
    .description('whose verdict or required strength changes from one policy to another')
    .argument('<before>', 'a policy file, or `default`')
    .argument('<after>', 'a policy file, or `default`')
    .argument('<path...>', 'inventories, as for analyze')
    .addOption(new Option('-f, --format <format>', 'what to write').choices(['text', 'json']).default('text'))
    .option('--at <time>', 'RFC 3339 time at which the facts hold, where no file says', timeArgument)
    .action(
      run((before: string, after: string, paths: string[], options: Pick<DiffOptions, 'at' | 'format'>) =>
        policyDiff({ ...options, before, after, paths }, io),
      ),
    )

  policy
    .command('replay')
    .description('make recorded decisions again: are they the same, and who would be asked what under another policy')
    .argument('<log>', 'NDJSON: decisions with their evaluations, or an export of the audit log')
    .argument('<path...>', 'the inventories that they were made on')
    .option('--policy <file>', 'policy to try; that in force, with its report-only rules, when none is named')
    .option('--in-force <file>', 'policy under which they were made', 'default')
    .option('--settings <file>', 'settings of the decision point, or a server configuration with them')
    .option('--access <file...>', 'access policies', [])
    .addOption(new Option('-f, --format <format>', 'what to write').choices(['text', 'json']).default('text'))
    .option('--at <time>', 'RFC 3339 time at which the facts hold, where no file says', timeArgument)
    .action(
      run((log: string, paths: string[], options: Omit<ReplayOptions, 'log' | 'paths'>) =>
        policyReplay({ ...options, log, paths }, io),
      ),
    )
}

const HELP = `
Examples:
  $ ambit policy check my-policy.yaml
  $ ambit policy test my-policy.yaml
  $ ambit policy diff default my-policy.yaml inventory/
  $ ambit policy replay decisions.ndjson inventory/ --policy my-policy.yaml --settings ambit.yaml`
