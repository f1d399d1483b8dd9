/** A simulation on a terminal: what falls, wave by wave, what that loses, and what the answer hangs on. */
import type { Fallen, Loss, Simulation, SimulationRow, Wave } from '#contract/simulation.ts'
import { chainLines } from './chain-diagram.ts'
import { rightOf, type Names } from './names.ts'
import { unpainted, type Paint, type Terminal } from './paint.ts'
import { placeText, stepSentence } from './phrases.ts'
import {
  actingText,
  doubtText,
  holdingsOf,
  isShown,
  outcomeSentences,
  simulationNames,
  sortCounts,
} from './simulation-words.ts'
import { shortHash } from './text.ts'
import { clippedMiddle, padded, visible, wrapped } from './visible.ts'
import { capabilityPhrase, counted, grouped, timeText } from './words.ts'

export interface SimulationTextOptions extends Terminal {
  /** how much of each wave to show; the rest is counted */
  readonly top?: number
}

interface Sheet {
  readonly simulation: Simulation
  readonly names: Names
  readonly width: number
  readonly paint: Paint
  readonly top: number
}

/** The simulation in lines of at most `width` columns. Names from outside can't act on the terminal. */
export function renderSimulationText(simulation: Simulation, options: SimulationTextOptions): string {
  const sheet: Sheet = {
    simulation,
    names: simulationNames(simulation),
    width: Math.max(40, options.width),
    paint: options.colour ?? unpainted,
    top: options.top ?? 4,
  }
  const blocks = [headLines(sheet), ...scenarioBlocks(sheet), tableLines(sheet), noteLines(sheet)]
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`
}

function headLines({ simulation: { snapshot, policy }, width, paint }: Sheet): string[] {
  const parts = [
    visible(snapshot.name ?? 'inventory'),
    ...(snapshot.at === null ? [] : [`as of ${visible(timeText(snapshot.at))}`]),
    `snapshot ${shortHash(snapshot.id)}`,
    `policy ${visible(policy.name)} ${shortHash(policy.hash)}`,
  ]
  return wrapped(`Ambit  ${parts.join(' · ')}`, width).map((text, i) => paint(i === 0 ? 'bold' : 'dim', text))
}

function scenarioBlocks(sheet: Sheet): string[][] {
  const { scenario } = sheet.simulation
  if (scenario === null) return []
  return [
    actingLines(sheet),
    givenLines(sheet),
    ...scenario.waves.map((wave) => waveLines(sheet, wave)).filter((lines) => lines.length > 1),
    lostLines(sheet),
    proofLines(sheet),
    sensitivityLines(sheet),
  ]
}

function actingLines({ simulation, names, width, paint }: Sheet): string[] {
  const scenario = simulation.scenario!
  return [
    ...wrapped(
      `If ${actingText(scenario, names)} ${scenario.attackers.length === 0 ? 'is in other hands' : 'succeeds'}`,
      width,
    ).map((line) => paint('bold', line)),
    ...scenario.attackers.flatMap(({ name, title }) =>
      hung(scenario.attackers.length === 1 ? visible(title) : `${visible(name)}: ${visible(title)}`, width, 2, 0),
    ),
    ...outcomeSentences(simulation, names).flatMap((sentence) => wrapped(sentence, width)),
  ]
}

function givenLines({ simulation, width, paint }: Sheet): string[] {
  const holdings = holdingsOf(simulation)
  if (holdings.length === 0) return []
  const column = Math.max(...holdings.map(({ what }) => what.length))
  return [
    paint('bold', `Step 0: ${counted(simulation.scenario!.given.length, 'thing')} held before anything is entered`),
    ...holdings.flatMap(({ what, how, ids }) => {
      const named = ids.length > 3 ? '' : `  ${ids.map((id) => visible(id)).join(', ')}`
      return [clippedMiddle(`  ${padded(what, column)}  ${how}${named}`, width)]
    }),
  ]
}

/** The heaviest of a wave, in sentences, and what else there is. */
function waveLines(sheet: Sheet, { step, accounts, highImpact, fallen }: Wave): string[] {
  const { simulation, width, paint, top } = sheet
  const seen = fallen.filter(isShown)
  const shown = seen.slice(0, top)
  const rest = seen.slice(top).map(({ node }) => node)
  const counts =
    accounts === 0 ? '' : `: ${counted(accounts, 'account')}${highImpact === 0 ? '' : `, ${highImpact} of high impact`}`
  return [
    paint('bold', `Step ${step}${counts}`),
    ...shown.flatMap((each) => fallenLines(sheet, each)),
    ...(rest.length === 0
      ? []
      : hung(`and ${sortCounts(rest, simulation)}`, width, 2).map((line) => paint('dim', line))),
  ]
}

function fallenLines({ names, width, paint }: Sheet, fallen: Fallen): string[] {
  const { impact, place } = fallen
  const mark = impact === 'high' ? '! ' : '  '
  const where = place === undefined ? '' : ` (${placeText(place)})`
  const lines = hung(`${stepSentence(fallen, names)}${where}`, width, 4).map((line, i) =>
    i === 0 ? `  ${mark}${line.slice(4)}` : line,
  )
  return impact === 'high' ? lines.map((line) => paint('red', line)) : lines
}

function lostLines({ simulation, names, width, paint }: Sheet): string[] {
  const { capabilities } = simulation.scenario!
  if (capabilities.length === 0) return []
  return [
    paint('bold', 'What is lost'),
    ...capabilities.flatMap(({ capability, impact, rights, step, first }) => {
      const target = names.target(first)
      const what = capabilityPhrase(visible(rightOf(first)?.capability ?? capability), target)
      const more = rights === 1 ? '' : `, and ${counted(rights - 1, 'right')} more of the kind`
      const lines = hung(`${padded(impact, 9)} ${what}${more} (step ${step})`, width, 2, 10)
      return impact === 'high' ? lines.map((line) => paint('red', line)) : lines
    }),
  ]
}

function proofLines({ simulation, names, width, paint }: Sheet): string[] {
  const first = simulation.scenario!.firstThatMattered
  if (first === null || first.proof.steps.length === 0) return []
  return [
    paint('bold', `How ${names.noun(first.account)} falls`),
    ...chainLines(first.proof, names).flatMap((line, i) => hung(`${i + 1}. ${line}`, width, 2, 3)),
  ]
}

const lossText = ({ accounts, highImpact }: Loss): string => `${grouped(accounts)} (${grouped(highImpact)})`

function sensitivityLines({ simulation, names, width, paint }: Sheet): string[] {
  const { best, base, worst, doubts, found, tried, telling, cut } = simulation.scenario!.sensitivity
  const heading = paint('bold', 'What the answer hangs on')
  if (found === 0) return [heading, ...hung('Nothing: no unknown or unstated fact bears on these attackers.', width, 2)]
  const summary = `Accounts lost (of high impact): ${lossText(best)} if every doubt is decided for the owners, ${lossText(base)} as simulated, ${lossText(worst)} if against.`
  const amount = `${counted(found, 'doubt')}, ${cut ? `only ${grouped(tried)} tried alone, to bound the work` : `${grouped(telling)} of which ${telling === 1 ? 'changes' : 'change'} something alone`}${doubts.length < telling ? `; the ${doubts.length} that change most` : ''}:`
  return [
    heading,
    ...hung(summary, width, 2),
    ...hung(telling === 0 ? amount.replace(/:$/, '.') : amount, width, 2),
    ...doubts.flatMap((doubt) =>
      hung(`${lossText(doubt.best)} or ${lossText(doubt.worst)}: ${doubtText(doubt, names)}`, width, 4, 2),
    ),
  ]
}

/** Every attacker of the policy, in the order of the policy, by what falls to him. */
function tableLines({ simulation, names, width, paint }: Sheet): string[] {
  const { table, accounts } = simulation
  if (table === null) return []
  const label = Math.max(8, ...table.map(({ attacker }) => attacker.name.length))
  const cells = table.map(({ attacker, given, byImpact: { high, moderate, low, none }, steps, accounts: fallen }) =>
    [attacker.tier, given, fallen, high, moderate, low, none, steps].map((count) =>
      count === 0 ? '·' : grouped(count),
    ),
  )
  const widest = Math.max(...cells.flat().map(({ length }) => length))
  const column = Math.max(6, widest + 1) // large counts must not run together
  const head = [
    padded('attacker', label),
    ...['tier', 'holds', 'falls', 'high', 'mod.', 'low', 'none', 'steps'].map((word) => padded(word, column, 'left')),
  ]
  const room = width - label - 8 * column - 2
  const row = ({ attacker, byImpact: { high }, firstThatMattered }: SimulationRow, at: number) => {
    const numbers = cells[at]!.map((cell) => padded(cell, column, 'left'))
    const first =
      firstThatMattered === null || room < 12 ? '' : `  ${clippedMiddle(names.noun(firstThatMattered.account), room)}`
    const line = `${padded(visible(attacker.name), label)}${numbers.join('')}${first}`
    return high > 0 ? paint('red', line) : line
  }
  return [
    ...wrapped(
      `What each attacker of the policy takes alone, of ${counted(accounts.total, 'account')} (${grouped(accounts.byImpact.high)} of high impact)`,
      width,
    ).map((line) => paint('bold', line)),
    paint('dim', `${head.join('')}${room < 12 ? '' : '  first that matters'}`),
    ...table.map(row),
  ]
}

function noteLines({ simulation, width, paint }: Sheet): string[] {
  const doubts = simulation.diagnostics.filter(({ level }) => level !== 'info').length
  const notes = [
    ...(doubts === 0 ? [] : [`The input has ${counted(doubts, 'warning')}; \`ambit analyze\` lists them.`]),
    ...(simulation.scenario?.cut ? ['More falls than is listed; the counts are of all.'] : []),
    ...(simulation.table === null ? [] : ['One attacker, wave by wave: ambit simulate PATH… --attacker NAME']),
  ]
  return notes.flatMap((note) => wrapped(note, width)).map((line) => paint('dim', line))
}

/** A paragraph indented by `indent`, its later lines by `hang` more. */
function hung(text: string, width: number, indent: number, hang = 2): string[] {
  const [first = '', ...rest] = wrapped(text, width - indent)
  if (rest.length === 0) return [`${' '.repeat(indent)}${first}`]
  const later = wrapped(text.slice(first.length).trimStart(), width - indent - hang)
  return [`${' '.repeat(indent)}${first}`, ...later.map((line) => `${' '.repeat(indent + hang)}${line}`)]
}
