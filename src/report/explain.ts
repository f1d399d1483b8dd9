/** One account, step by step: what it reaches, the weakest way in, every way in with its verdict, and what would change it. */
import { impactWords } from '#contract/vocabulary.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Account, Finding, Proof, Report, WayIn } from '#contract/report.ts'
import { chainOf } from './chain.ts'
import { namesOf, type Names } from './names.ts'
import { STYLE_OF, unpainted, type Paint, type Style, type Terminal } from './paint.ts'
import { listed, placeText } from './phrases.ts'
import { padded, visible, wrapped } from './visible.ts'
import {
  asksText,
  byText,
  citationText,
  counted,
  findingsByWeight,
  plain,
  strengthWords,
  verdictLabel,
  verdictMark,
} from './words.ts'

/** Appends wrapped, indented lines. State with a lifetime: one page. */
class Page {
  private readonly lines: string[] = []
  readonly width: number
  readonly paint: Paint

  constructor({ width, colour }: Terminal) {
    this.width = Math.max(40, width)
    this.paint = colour ?? unpainted
  }

  heading(text: string): void {
    this.lines.push('', this.paint('bold', text))
  }

  /** One paragraph; lines after the first are indented by `hang` more columns. */
  say(text: string, { indent = 2, hang = 0, style }: { indent?: number; hang?: number; style?: Style } = {}): void {
    for (const [index, line] of wrapped(text, this.width - indent - hang).entries()) {
      const shown = `${' '.repeat(indent + (index > 0 ? hang : 0))}${line}`
      this.lines.push(style === undefined ? shown : this.paint(style, shown))
    }
  }

  text(): string {
    return `${this.lines.join('\n')}\n`
  }
}

/**
 * What the report says of one account, as sentences with the place of every fact. Everything printed is in the report; a
 * chain that the report does not hold is said to be missing.
 *
 * @throws {AmbitError} `account_unknown`
 */
export function renderExplain(report: Report, accountId: string, terminal: Terminal): string {
  const account = report.accounts.find(({ id }) => id === accountId)
  if (account === undefined) {
    throw new AmbitError(
      'account_unknown',
      `no account \`${visible(accountId)}\` in this report; ids are as in the inventory`,
      {
        account: accountId,
        nearest: nearestIds(report, accountId),
      },
    )
  }
  const names = namesOf(report)
  const findings = findingsByWeight(report).filter((finding) => finding.account === accountId)
  const page = new Page(terminal)
  sayWho(page, account, names)
  sayReach(page, account, findings, names)
  sayWeakest(page, account, names)
  sayWaysIn(page, account, names)
  sayConformance(page, account)
  sayFindings(page, findings)
  return page.text()
}

/** Up to five ids or names that contain what was typed, sorted. */
function nearestIds(report: Report, typed: string): string[] {
  const wanted = typed.toLowerCase()
  return report.accounts
    .filter(({ id, name = '' }) => id.toLowerCase().includes(wanted) || name.toLowerCase().includes(wanted))
    .map(({ id }) => id)
    .toSorted(byText)
    .slice(0, 5)
}

function sayWho(page: Page, account: Account, names: Names): void {
  const { verdict } = account
  page.say(`${names.noun(account.id)}  ${visible(account.id)}`, { indent: 0, style: 'bold' })
  const who = [plain(account.kind), account.population, account.system].filter((word) => word !== null)
  page.say(who.map(visible).join(' · '), { indent: 0, style: 'dim' })
  page.say(`${verdictMark(verdict)} ${verdictLabel(verdict)}`, { indent: 0, style: STYLE_OF[verdict] ?? 'bold' })
  const impact = `${impactWords(account.impact)}${account.impactUncertain ? ' or more (a target states no sensitivity)' : ''}`
  const asked = account.requiredStrength === null ? '' : `, which asks for ${strengthWords(account.requiredStrength)}`
  page.say(`Reaches ${impact}${asked}.`, { indent: 0 })
  if (account.kind === 'human') {
    page.say(
      `Its best sign-in proves ${strengthWords(account.nominalStrength)}; its weakest way in leaves ${strengthWords(account.effectiveStrength)}.`,
      { indent: 0 },
    )
  }
  for (const reason of account.reasons) page.say(`because ${reasonText(reason)}`, { indent: 0, hang: 2 })
}

const reasonText = ({ text, citations }: Account['reasons'][number]): string =>
  citations.length === 0 ? visible(text) : `${visible(text)} (${citations.map(citationText).map(visible).join('; ')})`

function sayReach(page: Page, account: Account, findings: readonly Finding[], names: Names): void {
  const { reach } = account
  page.heading('What it reaches')
  const size = `${counted(reach.nodes, 'node')}, of them ${counted(reach.accounts, 'account')}`
  page.say(reach.exact ? size : `about ${size} (an estimate)`)
  for (const { capability, impact, hops } of reach.capabilities) {
    page.say(
      `${plain(capability)}: ${impactWords(impact)}, ${hops === 0 ? 'its own right' : counted(hops, 'step') + ' away'}`,
    )
    const chain = shortestChain(findings, capability)
    if (chain) sayProof(page, chain, names, 4)
  }
  if (reach.capabilities.length === 0) page.say('no capability that the policy counts')
}

/** The shortest of the chains that findings show for a capability. */
function shortestChain(findings: readonly Finding[], capability: string): Proof | undefined {
  return findings
    .filter((finding) => finding.capability === capability)
    .map((finding) => finding.proof.reach)
    .filter((proof) => proof !== null)
    .toSorted((a, b) => a.steps.length - b.steps.length)[0]
}

function sayWeakest(page: Page, account: Account, names: Names): void {
  page.heading('The weakest way in')
  const { weakest } = account
  if (weakest === null) {
    page.say(
      account.waysIn.length === 0
        ? 'no way in is known'
        : 'none of the expected attackers gets in, as far as the facts tell',
    )
  } else {
    const start =
      weakest.defeats.length === 0
        ? 'Nothing has to be defeated.'
        : `An attacker defeats ${listed(weakest.defeats.map(names.noun))}.`
    page.say(`${start} Effort ${weakest.effort}.`)
    sayProof(page, weakest.proof, names, 2)
  }
  if (account.fallsTo.length > 0) {
    const falls = account.fallsTo.map(({ attacker, step }) => `${plain(visible(attacker))} (step ${step})`)
    page.say(`Falls to: ${listed(falls)}.`)
  }
}

function sayProof(page: Page, proof: Proof, names: Names, indent: number): void {
  for (const [index, { text, place }] of chainOf(proof, names).sentences.entries()) {
    const number = `${index + 1}. `
    page.say(`${number}${text}${place ? ` (${placeText(place)})` : ''}`, { indent, hang: number.length })
  }
}

function sayWaysIn(page: Page, account: Account, names: Names): void {
  page.heading('Every way in')
  if (account.waysIn.length === 0) page.say('none is known')
  for (const way of account.waysIn) {
    const label = way.name === undefined ? `${plain(way.purpose)} ${visible(way.id)}` : visible(way.name)
    page.say(`${verdictMark(way.verdict)} ${padded(verdictLabel(way.verdict), 18)}${label}`, {
      hang: 20,
      style: STYLE_OF[way.verdict] ?? 'bold',
    })
    page.say(wayText(way, account.kind === 'human', names), { indent: 4 })
    for (const reason of way.reasons) page.say(`because ${reasonText(reason)}`, { indent: 4, hang: 2 })
  }
}

function wayText(way: WayIn, human: boolean, names: Names): string {
  const parts = [plain(way.purpose), asksText(way, listed(way.authenticators.map(names.noun)))]
  if (human) parts.push(`${strengthWords(way.strength)} by itself, effectively ${strengthWords(way.effective)}`)
  if (way.aal !== null) parts.push(`AAL${way.aal}`)
  return parts.join('; ')
}

function sayConformance(page: Page, account: Account): void {
  if (account.conformance.length === 0) return
  page.heading('Conformance, which is not strength')
  for (const { profile, status, rules } of account.conformance) {
    page.say(`${padded(visible(profile), 14)}${plain(status)}`, { hang: 14 })
    for (const rule of rules.filter((one) => one.status !== 'met')) {
      page.say(
        `${visible(rule.id)} ${rule.force} ${plain(rule.status)}: ${visible(rule.text)} (${visible(citationText(rule.citation))})`,
        {
          indent: 4,
          hang: 2,
        },
      )
    }
  }
}

function sayFindings(page: Page, findings: readonly Finding[]): void {
  page.heading('What would change it')
  if (findings.length === 0) page.say('no finding: nothing to change')
  for (const finding of findings) {
    page.say(`${finding.severity.toUpperCase()}  ${visible(finding.message)}`, {
      hang: 2,
      style: STYLE_OF[finding.severity] ?? 'bold',
    })
    for (const remedy of finding.remedy) page.say(`- ${visible(remedy)}`, { indent: 4, hang: 2 })
    if (finding.exception !== null) page.say(`under exception ${visible(finding.exception)}`, { indent: 4 })
  }
}
