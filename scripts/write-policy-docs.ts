/** Writes docs/policy.md and docs/schema/policy.schema.json; `test/docs/policy.test.ts` fails when they are out of date. */
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { CAPABILITIES, IMPACTS, SENSITIVITIES, AUTHENTICATOR_KINDS } from '#contract/vocabulary.ts'
import { RISK_LEVELS } from '#contract/decision.ts'
import type { Citation } from '#contract/report.ts'
import { PROFILES } from '#assurance/conformance/conformance.ts'
import { ACCOUNT_FIELDS, ALLOWED_FUNCTIONS, DEFEAT_FIELDS, MAX_CONDITION, SYSTEM_FIELDS } from '#policy/cel.ts'
import { readPolicy } from '#policy/parse.ts'
import type { Requirement } from '#policy/policy.ts'
import { policySchemaText } from '#policy/schema-text.ts'

const root = new URL('../', import.meta.url)
const { policy, file } = readPolicy(readFileSync(new URL('src/policy/default.yaml', root), 'utf8'))

const cited = (citations: readonly Citation[]) =>
  citations.map(({ standard, section }) => `${standard} §${section}`).join('; ')
const table = (head: readonly string[], rows: readonly (readonly unknown[])[]) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
const yesNo = (flag: boolean) => (flag ? 'yes' : 'no')
const code = (text: string) => `\`${text.replaceAll('|', '\\|')}\``

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
] as const
function duration(seconds: number | undefined): string {
  if (seconds === undefined) return 'no limit'
  const [unit, size] = UNITS.find(([, each]) => seconds % each === 0 && seconds >= each) ?? ['s', 1]
  return `${seconds / size} ${unit}`
}
const limits = ({ overallSeconds, idleSeconds }: Requirement['session'] = {}) =>
  overallSeconds === undefined && idleSeconds === undefined
    ? 'no limit'
    : `${duration(overallSeconds)}, idle ${duration(idleSeconds)}`

const TABLES: Readonly<Record<string, () => string>> = {
  impact: () =>
    table(
      ['right to', ...SENSITIVITIES],
      CAPABILITIES.map((each) => [code(each), ...SENSITIVITIES.map((sensitivity) => policy.impact[each][sensitivity])]),
    ),
  unstated: () =>
    table(
      ['target', 'taken as'],
      Object.entries(policy.unstated).map(([target, taken]) => [target, taken]),
    ),
  requirements: () =>
    table(
      ['impact', 'strength', 'codes', 'phishing-resistant', 'in hardware', 'session', 'after a code', 'source'],
      IMPACTS.map((each) => {
        const asked = policy.requirements[each]
        return [
          each,
          code(asked.strength),
          asked.codes,
          yesNo(asked.phishingResistant),
          yesNo(asked.hardwareBacked),
          limits(asked.session),
          asked.codeSession ? limits(asked.codeSession) : asked.codes === 'refused' ? '–' : 'the same',
          cited(asked.citations),
        ]
      }),
    ),
  authenticators: () =>
    table(
      ['kind', 'factor', 'alone', 'with another factor', 'can be relayed', 'phishing-resistant', 'source'],
      AUTHENTICATOR_KINDS.map((each) => {
        const it = policy.authenticators[each]
        const alone = it.restricted ? `${it.alone} (restricted)` : it.alone
        return [
          code(each),
          it.factor,
          alone,
          it.combined,
          yesNo(it.code),
          yesNo(it.phishingResistant),
          cited(it.citations),
        ]
      }),
    ),
  attackers: () =>
    table(
      ['attacker', 'tier', 'who', 'defeats unaided (effort)'],
      policy.attackers.map(({ name, tier, title, authenticators, channels, sessions, secrets }) => {
        const parts = [
          ...authenticators.map((each) => [each.kinds.join(', '), each] as const),
          ...channels.map((each) => [`channels: ${each.kinds.join(', ')}`, each] as const),
          ...sessions.map((each) => [`sessions bound by: ${each.kinds.join(', ')}`, each] as const),
          ...secrets.map((each) => [`secrets: ${each.kinds.join(', ')}`, each] as const),
        ]
        const defeats = parts.map(([kinds, { effort, basis, condition, heldBelow }]) => {
          const held = heldBelow === undefined ? '' : ` held by an account below ${code(heldBelow)}`
          const when = `${held}${condition === undefined ? '' : ` where ${code(condition)}`}`
          return `${kinds}${when} (${effort}${basis === 'measurement' ? ', measured' : ''})`
        })
        return [code(name), tier, title, defeats.join('<br>')]
      }),
    ),
  rules: () =>
    table(
      ['rule', 'holds where', 'asks for', 'source'],
      policy.rules.map(({ code: name, condition = '', requires, citations }) => [
        code(name),
        code(condition),
        code(JSON.stringify(requires)),
        cited(citations),
      ]),
    ),
  fields: () =>
    table(
      ['in', 'name', 'fields'],
      [
        ['a rule', code('account'), fields(ACCOUNT_FIELDS)],
        ['a rule', code('system'), fields(SYSTEM_FIELDS)],
        ['a rule', code('impact'), 'a word'],
        ['a rule', code('capabilities'), 'a list of words'],
        ['a rule', code('reach'), fields({ nodes: 'int', accounts: 'int' })],
        ...Object.entries(DEFEAT_FIELDS).map(([section, each]) => [`defeated ${section}`, code('fact'), fields(each)]),
      ],
    ),
  functions: () => `${ALLOWED_FUNCTIONS.map(code).join(', ')}; at most ${MAX_CONDITION} characters`,
  exceptions: () =>
    `- longest time: ${policy.exceptions.maxDays} days\n- safeguards, all of them: ${policy.exceptions.safeguards.join(', ')}\n- rests on: ${cited(policy.exceptions.citations)}`,
  nonHuman: () => {
    const { maxSecretAgeDays, maxCertificateAgeDays, unusedDays, citations } = policy.nonHuman
    return table(
      ['threshold', 'days', 'source'],
      Object.entries({ maxSecretAgeDays, maxCertificateAgeDays, unusedDays }).map(([name, days]) => [
        code(name),
        days,
        cited(citations[name] ?? []),
      ]),
    )
  },
  live: () => {
    const { access, risk, nonHuman, stepUps, clock } = policy.live
    const most = (seconds: number | undefined) => (seconds === undefined ? 'no limit' : duration(seconds))
    return [
      table(
        ['impact', 'authenticated within', 'permit lasts', 'key of the client', 'device', 'source'],
        IMPACTS.map((each) => {
          const { maxAgeSeconds, permitSeconds, senderConstrained, device, citations } = access[each]
          return [
            each,
            most(maxAgeSeconds),
            duration(permitSeconds),
            yesNo(senderConstrained),
            device,
            cited(citations),
          ]
        }),
      ),
      table(
        ['risk', 'strength', 'authenticated within', 'and after the signal', 'permit lasts', 'blocks', 'source'],
        RISK_LEVELS.map((each) => {
          const { strength, maxAgeSeconds, afterSignal, permitSeconds, blocks, citations } = risk[each]
          const age = most(maxAgeSeconds)
          const lasts = permitSeconds === undefined ? 'as long' : duration(permitSeconds)
          return [each, code(strength), age, yesNo(afterSignal), lasts, yesNo(blocks), cited(citations)]
        }),
      ),
      `- a service proves a key with each request from impact ${code(nonHuman.senderConstrained)} on (${cited(nonHuman.citations)})`,
      `- a session may come back ${stepUps.most} times without what it was sent for (${cited(stepUps.citations)})`,
      `- a clock may be ${clock.skewSeconds} seconds ahead (${cited(clock.citations)})`,
    ]
      .join('\n\n')
      .replaceAll('\n\n- ', '\n- ')
      .replace('\n- a service', '\n\n- a service')
  },
  costs: () => {
    const { changes, promptSeconds, hoursPerRecovery, spendPerHour } = policy.costs!
    const rows = Object.entries(changes).map(([kind, cost]) => [
      code(kind),
      ...(
        [cost.setup, cost.perAccount, cost.promptsPerWeek, cost.recoveriesPerYear, cost.spendPerAccount] as const
      ).map((amount) => amount ?? '–'),
    ])
    const head = ['change', 'hours once', 'hours each', 'prompts a week', 'recoveries a year', 'bought']
    const rates = `A prompt takes ${promptSeconds} seconds, a recovery ${hoursPerRecovery} hours; an hour is worth ${spendPerHour}.`
    return `${rates}\n\n${table(head, rows)}`
  },
  profiles: () =>
    PROFILES.map(
      ({ name, standard, rules }) =>
        `#### ${standard} (${code(name)})\n\n${table(
          ['rule', 'clause', 'force', 'asks'],
          rules.map(({ id, section, force, text, standard: other }) => [
            id,
            other ? `${other} §${section}` : `§${section}`,
            force,
            text,
          ]),
        )}`,
    ).join('\n\n'),
  cases: () => (file.cases ?? []).map(({ name }) => `- ${name}`).join('\n'),
}
const fields = (of: Readonly<Record<string, string>>) => Object.keys(of).map(code).join(', ')

/** The text of docs/policy.md: prose from policy-page.md, every table from the code and the default policy. */
export function policyPage(): string {
  const prose = readFileSync(new URL('scripts/policy-page.md', root), 'utf8')
  return prose.replaceAll(/^\{\{(\w+)\}\}$/gmu, (_, name: string) => {
    const made = TABLES[name]
    if (made === undefined) throw new RangeError(`no table is named \`${name}\``)
    return made()
  })
}

/** What this script writes, by path. */
export const POLICY_PAGES: Readonly<Record<string, () => string>> = {
  'docs/policy.md': policyPage,
  'docs/schema/policy.schema.json': policySchemaText,
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [path, text] of Object.entries(POLICY_PAGES)) writeFileSync(new URL(path, root), text())
}
