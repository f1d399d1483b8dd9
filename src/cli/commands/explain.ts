import { AmbitError } from '#lib/errors.ts'
import { renderExplain } from '#report/explain.ts'
import type { Io } from '../io.ts'
import { reportOf } from './analyze.ts'

export interface ExplainOptions {
  readonly account: string
  readonly paths: readonly string[]
  readonly policy?: string
  readonly at?: string
}

/** Why one account has its verdict: its reach, its weakest way in, and what would change it. */
export async function explainCommand(options: ExplainOptions, io: Io): Promise<number> {
  const report = await reportOf(options, io)
  const account = report.accounts.find(({ id }) => id === options.account) ?? likely(report.accounts, options.account)
  io.write(renderExplain(report, account.id, { width: io.width, colour: io.paint }))
  return 0
}

/** An account that is meant without its whole id: by name, or by the part after the source, if only one fits. */
function likely<A extends { readonly id: string; readonly name?: string }>(accounts: readonly A[], word: string): A {
  const wanted = word.toLowerCase()
  const fits = accounts.filter(
    ({ id, name }) => id.toLowerCase().endsWith(`:${wanted}`) || name?.toLowerCase() === wanted,
  )
  if (fits.length === 1) return fits[0]!
  const near = accounts.filter(({ id }) => id.toLowerCase().includes(wanted)).slice(0, 5)
  const hint =
    fits.length > 1
      ? `it fits ${fits.map(({ id }) => `\`${id}\``).join(', ')}; give the whole id`
      : near.length > 0
        ? `did you mean ${near.map(({ id }) => `\`${id}\``).join(', ')}?`
        : 'list ids with `ambit analyze … --format csv`'
  throw new AmbitError('account_unknown', `no account \`${word}\` in this inventory; ${hint}`, { account: word })
}
