import { Option, type Command } from 'commander'
import { RECORD_KINDS } from '#audit/records.ts'
import { collected, countFrom, timeArgument } from '../arguments.ts'
import type { Io } from '../io.ts'
import {
  auditCut,
  auditExport,
  auditShow,
  auditVerify,
  type AuditCutOptions,
  type AuditExportOptions,
  type AuditShowOptions,
  type AuditVerifyOptions,
} from './audit.ts'

type Run = <A extends unknown[]>(action: (...args: A) => Promise<number>) => (...args: A) => Promise<void>

/** `ambit audit verify | export | show | cut`. */
export function auditCommands(ambit: Command, io: Io, run: Run): void {
  const audit = ambit
    .command('audit')
    .description('verify, read, export and trim the audit log')
    .addHelpText('after', HELP)
  const store = () =>
    new Option('--store <url>', 'path of the SQLite store, or postgres://… (default: that of the configuration)')
  const config = () =>
    new Option('-c, --config <file>', 'configuration (default: ambit.yaml, if it is there)').conflicts('store')
  const kind = () => new Option('--kind <kind>', 'records of this kind only').choices(RECORD_KINDS)

  audit
    .command('verify')
    .description('whether every record is there and as it was written; names the place of anything that is not')
    .addOption(store())
    .addOption(config())
    .option('--anchor <file>', 'anchor file to hold the chains against; may be given several times', collected, [])
    .addOption(
      new Option('--export <file>', 'verify an export of chains instead of a store').conflicts(['store', 'config']),
    )
    .option('--key <file>', 'key file of the log, or its public key as a JWK, to believe no other')
    .action(run(async (options: Located<AuditVerifyOptions>) => auditVerify(await located(options), io)))

  audit
    .command('export')
    .description('write the log as lines of JSON: decisions to replay, records, or chains to verify elsewhere')
    .addOption(store())
    .addOption(config())
    .addOption(
      new Option('-f, --format <format>', 'ndjson: lines for ambit policy replay; records; chain: for audit verify')
        .choices(['ndjson', 'records', 'chain'])
        .default('ndjson'),
    )
    .option('--from <time>', 'RFC 3339 time; records at or after it', timeArgument)
    .option('--to <time>', 'RFC 3339 time; records before it', timeArgument)
    .addOption(kind())
    .action(run(async (options: Located<AuditExportOptions>) => auditExport(await located(options), io)))

  audit
    .command('show')
    .description('the latest records')
    .addOption(store())
    .addOption(config())
    .option('--last <n>', 'how many', countFrom(1), 20)
    .addOption(kind())
    .action(run(async (options: Located<AuditShowOptions>) => auditShow(await located(options), io)))

  audit
    .command('cut')
    .description('take the bodies of old records; what stays still verifies')
    .addOption(store())
    .addOption(config())
    .requiredOption('--before <time>', 'RFC 3339 time; the bodies of records before it go', timeArgument)
    .option('--key <file>', 'key file of the log; without it the keys in the store sign the cut')
    .action(run(async (options: Located<AuditCutOptions>) => auditCut(await located(options), io)))
}

type Located<T> = Omit<T, 'store'> & { readonly store?: string; readonly config?: string }

/** The store that is named, or that of the server; an export needs neither. */
async function located<T extends { readonly store: string }>(options: Located<T>): Promise<T> {
  const { config, ...rest } = options
  if (rest.store !== undefined || 'export' in rest) return { store: '', ...rest } as unknown as T
  // loaded when it is needed: the other commands start faster without a server
  const { configOf } = await import('./serve.ts')
  return { ...rest, store: (await configOf(config)).store } as unknown as T
}

const HELP = `
Examples:
  $ ambit audit verify --anchor /mnt/worm/ambit.anchor --key audit-key.json
  $ ambit audit export --from 2026-11-01 > decisions.ndjson
  $ ambit audit export --format chain > log.ndjson && ambit audit verify --export log.ndjson
  $ ambit audit show --kind exception --last 50

Exit codes of verify: 0 all is as it was written, 1 something is not, 2 bad input or usage.`
