/** Writes the generated parts of docs/: `npm run docs`. `test/docs/generated.test.ts` fails when they are not up to date. */
import { writeFile } from 'node:fs/promises'
import { FINDING_KINDS } from '#analysis/findings/catalogue.ts'
import { RULE_KINDS } from '#model/kinds.ts'
import type { ErrorCode } from '#lib/errors.ts'

/** What each error code means and what to do; the type makes it complete. */
const ERRORS: Readonly<Record<ErrorCode, readonly [meaning: string, remedy: string]>> = {
  usage: ['The command line asks for something that does not exist, or to write over what it reads.', 'See `--help`.'],
  input_unreadable: [
    'A path does not exist, may not be read, or is a folder without readable files.',
    'Check the path and its permissions.',
  ],
  input_invalid: [
    'What was read contradicts itself or does not fit the format. The error lists every problem with its file, line or JSON pointer, and remedy.',
    'Mend the places named; nothing was analysed.',
  ],
  output_unwritable: [
    'A file cannot be written: its folder does not exist, it may not be written, or the disk is full.',
    'The message says which. What it says is not complete is to be written again.',
  ],
  policy_invalid: [
    'A policy does not fit its schema, or a condition in it is not valid CEL. All problems are listed together.',
    'Mend the lines named; `ambit policy check` tells more.',
  ],
  account_unknown: ['No account has this id, or several fit it.', 'Give the whole id; the message names near ones.'],
  report_invalid: [
    'A file is not a report of Ambit, was cut off, or was changed into something that is not. Of one in lines (NDJSON), the error names file and line.',
    'Write it again with `ambit analyze --format json` or `ndjson`.',
  ],
  pattern_invalid: [
    'A file of breach patterns does not fit its format, asks for an attacker that the policy does not have, or holds a condition that is not valid CEL.',
    'Mend the places named; docs/breaches.md explains the format.',
  ],
  snapshot_invalid: [
    'A binary snapshot is damaged, or was written by another version.',
    'Write it again from the inventory.',
  ],
  worksheet_invalid: [
    'A worksheet of a review has rows for things that are not in the inventory, rows that were altered, or decisions that are none. The error lists every line.',
    'Mend the lines named, or write the worksheet again with `ambit review --worksheet`; no decision was taken.',
  ],
  change_invalid: [
    'A file of changes does not fit its format, or names facts that the inventory does not have.',
    'Compare it with `docs/schema/change.schema.json` and with the ids of the inventory.',
  ],
  accounts_lost: [
    'An inventory leaves out more of the accounts there are than `inventory.maxLoss` lets go at once. Nothing was taken.',
    'See that the export is whole. Where the accounts are to go, send it again with `?maxLoss=1`, or start once with `inventory.maxLoss: 1`.',
  ],
  store_unavailable: [
    'The store cannot be opened, cannot be reached, or was last used by a newer Ambit.',
    'Check its path or URL and its permissions; the message says which.',
  ],
  config_invalid: [
    'A key of the server configuration is missing, unknown or has a value that cannot be.',
    'The message names the key, the value and what is possible.',
  ],
  sealed_unreadable: [
    'A secret in the store cannot be opened: its key is not in the configuration, or the value was changed or moved.',
    'Put the key with the id named back under `keys`; restore the store if it was changed.',
  ],
  request_invalid: ['A request to the server is malformed.', 'The message says which part and what belongs there.'],
  unauthenticated: ['A request carries no valid token.', 'Send `Authorization: Bearer` with a token that is valid.'],
  forbidden: ['The token lacks the scope that the message names.', 'Create a token with it: `ambit token create`.'],
  not_found: ['There is nothing at this path, or of this id.', 'Check path and id.'],
  method_not_allowed: ['The path is there, but not by this method.', 'Use one of those that `Allow` names.'],
  conflict: ['The request contradicts one before it.', 'The message says which.'],
  precondition_failed: ['What the request builds on is no longer current.', 'Read it again, then repeat the change.'],
  too_large: ['The body is larger than the configuration allows.', 'Send less, or raise the limit that is named.'],
  media_type_unsupported: ['The body is of a media type that this route does not take.', 'Send one that is named.'],
  overloaded: ['The server has more to do than it can.', 'Repeat the request after the seconds in `Retry-After`.'],
  not_ready: ['The server has no snapshot, or does not reach its store.', 'See `/readyz`; send an inventory.'],
  internal: ['A fault of the server, told in its log under the request id.', 'Report it with the lines of the log.'],
  audit_unavailable: [
    'The audit log cannot take a record: its store is down, full or too slow. Nothing is permitted that it cannot record.',
    'Look at the disk or database of the audit log; it goes on by itself when that is back.',
  ],
  audit_invalid: [
    'A record does not fit the schema of its kind or is too large, or what was read is no audit log.',
    'The message names the field; a caller who sent too much must send less.',
  ],
}

const slug = (text: string) => text.toLowerCase()

/** docs/findings.md: one section for each finding code. */
export function findingsPage(): string {
  const sections = Object.entries(FINDING_KINDS).map(([code, kind]) => {
    const citations = kind.citations.map(({ standard, section }) => `${standard} §${section}`).join(' · ')
    return `## \`${code}\`\n\n**${kind.title}.** ${kind.meaning}\n\n- Rests on: ${citations}\n- Severity: ${kind.severity}.\n- Remedy: ${kind.remedy.join('; ')}.\n`
  })
  const index = Object.entries(FINDING_KINDS).map(([code, kind]) => `| [\`${code}\`](#${slug(code)}) | ${kind.title} |`)
  return `# Findings\n\n<!-- written by scripts/write-docs.ts from src/analysis/findings/catalogue.ts; edit there -->\n\nEvery finding names an account, what is wrong, what it rests on, and what ends it. A finding on a way in that a live\nexception excuses keeps its place, one severity lower, and names the exception. Conformance with a standard is reported\napart, per profile, and is never part of a finding's severity.\n\n| code | what it says |\n|---|---|\n${index.join('\n')}\n\n${sections.join('\n')}`
}

/** docs/rules.md: every way in which one thing leads to another. */
export function rulesPage(): string {
  const rows = Object.entries(RULE_KINDS).map(
    ([name, { shape, reason }]) => `| \`${name}\` | ${shape.replaceAll('|', '\\|')} | ${reason} |`,
  )
  return `# Rules\n\n<!-- written by scripts/write-docs.ts from src/model/kinds.ts; edit there -->\n\nThe compiler turns facts into rules of these kinds and of no others. \`X ← Y\` reads: whoever controls Y controls X;\nseveral names on the right are needed together. A proof in a report names the kind of each step, and \`ambit verify\`\nchecks each step against the facts by this table.\n\n| kind | shape | reason |\n|---|---|---|\n${rows.join('\n')}\n`
}

/** docs/errors.md: every error code. */
export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([code, [meaning, remedy]]) => `| \`${code}\` | ${meaning} | ${remedy} |`)
  return `# Errors\n\n<!-- written by scripts/write-docs.ts; edit there -->\n\nEvery error has one of these codes. The command line prints the message and exits with 2; an error without a code is a\nfault of Ambit itself and exits with 70.\n\n| code | meaning | what to do |\n|---|---|---|\n${rows.join('\n')}\n`
}

export const PAGES = {
  'docs/findings.md': findingsPage,
  'docs/rules.md': rulesPage,
  'docs/errors.md': errorsPage,
} as const

if (import.meta.main) {
  for (const [path, page] of Object.entries(PAGES)) {
    await writeFile(new URL(`../${path}`, import.meta.url), page())
    console.log(`wrote ${path}`)
  }
}
