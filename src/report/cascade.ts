/** A simulation as a picture: waves from left to right, what gave what as lines; on a narrow screen, waves from top to bottom. */
import type { Scenario, Simulation } from '#contract/simulation.ts'
import { escaped } from './html-text.ts'
import { gateOwner, rightOf, type Names } from './names.ts'
import { sortCounts, sortOf } from './simulation-words.ts'
import { clippedMiddle } from './visible.ts'

/** What a wave shows at most; the rest is counted in its last box. */
const SHOWN = 6
const [BOX, HIGH, GAP, LANE, TOP] = [188, 63, 12, 48, 34]
/** Characters of a label, and of smaller text, that fit across a box. */
const [LABEL_FITS, SMALL_FITS] = [21, 27]

interface Mark {
  readonly node: string
  readonly part: 'given' | 'account' | 'high' | 'goal' | 'between'
  /** nodes of earlier waves that gave it; inner parts of formulas are looked through */
  readonly from: readonly string[]
}

interface Column {
  readonly step: number
  readonly marks: readonly Mark[]
  /** what is not drawn */
  readonly rest: readonly string[]
}

/** What is drawn, wave by wave: what leads to the first account that mattered and to what is lost, then what weighs most. */
export function columnsOf(scenario: Scenario): Column[] {
  const proofs = [scenario.firstThatMattered?.proof, ...scenario.capabilities.map(({ proof }) => proof)]
  const telling = new Set(proofs.flatMap((proof) => (proof === undefined ? [] : nodesOf(proof))))
  const goals = new Set(scenario.capabilities.flatMap(({ first, impact }) => (impact === 'high' ? [first] : [])))
  const bodies = new Map(scenario.waves.flatMap(({ fallen }) => fallen.map(({ node, from }) => [node, from] as const)))
  const through = (from: readonly string[]): string[] =>
    from.flatMap((node) => (gateOwner(node) === undefined ? [node] : through(bodies.get(node) ?? [])))
  const column = (step: number, marks: readonly Mark[]): Column => {
    const order = marks.toSorted(
      (a, b) => Number(telling.has(b.node)) - Number(telling.has(a.node)) || weightOf(b) - weightOf(a),
    )
    const shown = order.length === SHOWN ? SHOWN : SHOWN - 1
    return { step, marks: order.slice(0, shown), rest: order.slice(shown).map(({ node }) => node) }
  }
  const given = scenario.given.map(({ id }): Mark => ({ node: id, part: 'given', from: [] }))
  const waves = scenario.waves.map(({ step, fallen }) =>
    column(
      step,
      fallen
        .filter(({ node }) => gateOwner(node) === undefined)
        .map(({ node, from, impact }) => ({ node, from: through(from), part: partOf(node, impact, goals) })),
    ),
  )
  return [column(0, given), ...waves.filter(({ marks }) => marks.length > 0)]
}

const weightOf = ({ part }: Mark): number => (part === 'goal' ? 2 : part === 'high' ? 1 : 0)

const nodesOf = ({ given, steps }: { given: readonly string[]; steps: readonly { readonly node: string }[] }) => [
  ...given,
  ...steps.map(({ node }) => node),
]

function partOf(node: string, impact: string | undefined, goals: ReadonlySet<string>): Mark['part'] {
  if (goals.has(node)) return 'goal'
  return impact === undefined ? 'between' : impact === 'high' ? 'high' : 'account'
}

const labelOf = (node: string, names: Names): string => (rightOf(node) ? names.verb(node) : names.noun(node))

/** The picture twice: as lines and boxes where there is room, as a list from top to bottom where there is not. */
export function cascadeHtml(simulation: Simulation, names: Names): string {
  const { scenario } = simulation
  if (scenario === null || scenario.given.length === 0) return ''
  const columns = columnsOf(scenario)
  return `<div class="cascade wide" tabindex="0" role="group" aria-label="Picture of the cascade">${svgOf(simulation, columns, names)}</div>
<figure class="chain cascade tall"><ol>${columns.map((each) => listItem(simulation, each, names)).join('')}</ol></figure>`
}

function svgOf(simulation: Simulation, columns: readonly Column[], names: Names): string {
  const places = new Map<string, { x: number; y: number }>()
  columns.forEach(({ marks }, column) => {
    marks.forEach(({ node }, row) => places.set(node, { x: column * (BOX + LANE), y: TOP + row * (HIGH + GAP) }))
  })
  const rows = Math.max(...columns.map(({ marks, rest }) => marks.length + (rest.length > 0 ? 1 : 0)))
  const [width, height] = [columns.length * (BOX + LANE) - LANE, TOP + rows * (HIGH + GAP)]
  const lines = columns.flatMap(({ marks }) =>
    marks.flatMap(({ node, from, part }) => from.map((body) => lineOf(places.get(body), places.get(node)!, part))),
  )
  const boxes = columns.map(({ step, marks, rest }, column) => {
    const x = column * (BOX + LANE)
    const more =
      rest.length === 0
        ? ''
        : textLines(`and ${sortCounts(rest, simulation)}`, x, TOP + marks.length * (HIGH + GAP) + 16)
    const head = `<text class="kicker" x="${x}" y="16">${step === 0 ? 'At the start' : `Step ${step}`}</text>`
    return head + marks.map((mark) => boxOf(simulation, mark, places.get(mark.node)!, names)).join('') + more
  })
  const label = `${columns.length} waves; the same is written out below`
  return `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">${lines.join('')}${boxes.join('')}</svg>`
}

/** A curve between two boxes that are both drawn. */
function lineOf(
  from: { readonly x: number; readonly y: number } | undefined,
  to: { readonly x: number; readonly y: number },
  part: Mark['part'],
): string {
  if (from === undefined) return ''
  const [x1, y1, x2, y2] = [from.x + BOX, from.y + HIGH / 2, to.x, to.y + HIGH / 2]
  const bend = Math.max(24, Math.min(LANE, (x2 - x1) / 2))
  return `<path class="line ${part}" d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}"></path>`
}

function boxOf(simulation: Simulation, { node, part }: Mark, { x, y }: { x: number; y: number }, names: Names): string {
  const label = labelOf(node, names)
  const rect = `<rect class="node ${part}" x="${x + 0.75}" y="${y + 0.75}" width="${BOX - 1.5}" height="${HIGH - 1.5}" rx="5"></rect>`
  const lines = labelLines(label).map(
    (line, i) => `<text class="label ${part}" y="${35 + i * 17}">${escaped(line)}</text>`,
  )
  // an inner picture cuts what is wider than the box
  const inner = `<svg x="${x + 10}" y="${y}" width="${BOX - 16}" height="${HIGH}"><text class="kicker ${part}" y="17">${escaped(kickerOf(simulation, node, part))}</text>${lines.join('')}</svg>`
  return `<g><title>${escaped(label)}</title>${rect}${inner}</g>`
}

function kickerOf(simulation: Simulation, node: string, part: Mark['part']): string {
  const sort = rightOf(node) ? 'may' : sortOf(node, simulation)
  if (part === 'high') return `${sort} · high impact`
  return part === 'given' ? `${sort} · held` : sort
}

/** A label in two lines at most, broken between words or, in ids, where parts begin; what is longer is cut, and says so. */
export function labelLines(label: string): string[] {
  const lines: string[] = []
  for (const part of label.match(/\s*[^\s/:.@]*[/:.@]?/g) ?? []) {
    const longer = (lines.at(-1) ?? '') + part
    if (lines.length > 0 && (longer.length <= LABEL_FITS || lines.length === 2)) lines[lines.length - 1] = longer
    else if (part !== '') lines.push(part.trimStart())
  }
  return lines.map((line) => clippedMiddle(line, LABEL_FITS))
}

/** Text in lines of about a box's width; SVG breaks none by itself. */
function textLines(text: string, x: number, y: number): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < SMALL_FITS) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
    .slice(0, 4)
    .map(
      (line, i) =>
        `<text class="kicker" x="${x}" y="${y + i * 16}">${escaped(i === 3 && lines.length > 4 ? `${line} …` : line)}</text>`,
    )
    .join('')
}

function listItem(simulation: Simulation, { step, marks, rest }: Column, names: Names): string {
  const boxes = marks.map(({ node, part }) => {
    const classes = part === 'high' ? 'account high' : part
    return `<span class="box ${classes}"><span class="kicker">${escaped(kickerOf(simulation, node, part))} </span><bdi>${escaped(labelOf(node, names))}</bdi></span>`
  })
  const more = rest.length === 0 ? '' : `<span class="under">and ${escaped(sortCounts(rest, simulation))}</span>`
  return `<li><span class="kicker">${step === 0 ? 'At the start' : `Step ${step}`}</span>${boxes.join('')}${more}</li>`
}

export const CASCADE_STYLE = `
.cascade.wide{overflow-x:auto;padding-bottom:1rem;margin-bottom:1rem}
.cascade svg{display:block}
.cascade.tall{display:none}
.cascade text{font:13px var(--sans);fill:var(--ink)}
.cascade text.kicker{font-size:12px;fill:var(--quiet)}
.cascade text.high.label{font-weight:600}
.cascade text.given.kicker,.cascade text.goal{fill:var(--unfit)}
.node{fill:var(--raised);stroke:var(--mute);stroke-width:1}
.node.given{fill:var(--ground);stroke:var(--unfit);stroke-dasharray:4 3;stroke-width:1.5}
.node.account{stroke:var(--ink);stroke-width:1.5}
.node.high{stroke:var(--ink);stroke-width:2.5}
.node.goal{fill:var(--unfitSoft);stroke:var(--unfit);stroke-width:1.5}
.line{fill:none;stroke:var(--mute);stroke-width:1.5}
.line.high,.line.goal{stroke:var(--unfit)}
.cascade .box{margin-bottom:.375rem}
.cascade .box.high{border-width:3px}
.falls{list-style:none;padding:0;margin:0}
.falls li{padding:.375rem 0;border-top:1px solid var(--line)}
.falls .high{color:var(--unfit);font-weight:600}
.wave>summary{cursor:pointer;padding:.5rem 0;font-weight:600}
.wave{border-top:1px solid var(--line)}
.under.block{display:block}
.scroll{overflow-x:auto}
@media screen and (max-width:40rem){.cascade.wide{display:none}.cascade.tall{display:block}.plain td,.plain th{padding-left:.375rem}}
@media print{.cascade.wide{display:none}.cascade.tall{display:block}}
`
