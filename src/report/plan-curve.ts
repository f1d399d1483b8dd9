import type { Plan } from '#contract/plan.ts'
import { escaped } from './html-text.ts'
import { amount, goalWords } from './plan-text.ts'
import { counted } from './words.ts'

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [720, 300, 52, 24, 28, 46]

/** The curve of cost against what is left, as a picture with its numbers in words beside it. */
export function curveHtml({ curve, goals }: Plan): string {
  const last = curve.at(-1)
  if (curve.length < 2 || last === undefined || last.cost === 0) return ''
  const most = Math.max(...curve.map(({ remaining }) => remaining), 1)
  const x = (cost: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * cost) / last.cost
  const y = (remaining: number): number => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * remaining) / most
  const at = ({ cost, remaining }: Plan['curve'][number]) => `${round(x(cost))} ${round(y(remaining))}`
  // what a budget buys is had when it is spent, so what is left falls in steps
  const stairs = curve.slice(1).map((point) => `H${round(x(point.cost))} V${round(y(point.remaining))}`)
  const line = `M${at(curve[0]!)} ${stairs.join(' ')}`
  const floor = HEIGHT - BOTTOM
  const words = curve.map(({ cost, remaining }) => `${amount(cost)} hours: ${remaining}`).join('; ')
  const half = curve.find(({ remaining }) => remaining * 2 <= most)
  return `<figure class="curve"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="curve-title curve-words">
<title id="curve-title">Cost against what is left</title><desc id="curve-words">${escaped(words)}</desc>
<path class="area" d="${line} V${floor} H${LEFT} Z"/>
<path class="axis" d="M${LEFT} ${TOP} V${floor} H${WIDTH - RIGHT}" fill="none"/>
${ticks(most)
  .map((count) => `<text class="tick" x="${LEFT - 8}" y="${round(y(count)) + 4}" text-anchor="end">${count}</text>`)
  .join('')}
${ticks(last.cost)
  .map(
    (cost) => `<text class="tick" x="${round(x(cost))}" y="${floor + 18}" text-anchor="middle">${amount(cost)}</text>`,
  )
  .join('')}
<text class="tick" x="${WIDTH - RIGHT}" y="${floor + 38}" text-anchor="end">hours in the first year</text>
<text class="tick" x="${LEFT - 40}" y="${TOP - 12}">against the goal</text>
<path class="line" d="${line}"/>
${curve.map((point, i) => `<circle class="dot${i === curve.length - 1 ? ' last' : ''}" cx="${round(x(point.cost))}" cy="${round(y(point.remaining))}" r="4"/>`).join('')}
</svg><figcaption>What the best changes within each budget leave against the goal that ${escaped(goals.map(goalWords).join(', and '))}${
    half === undefined || half.cost === 0
      ? ''
      : `: the first ${amount(half.cost)} of ${amount(last.cost)} hours leave ${counted(half.remaining, 'account')} of ${most}`
  }. Accounts of high impact are settled first.</figcaption></figure>`
}

const round = (value: number): number => Math.round(value * 10) / 10

/** About five round numbers from nothing to the most. */
function ticks(most: number): number[] {
  const rough = most / 5
  const unit = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((each) => each * unit).find((each) => each >= rough) ?? rough
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => Math.round(i * step * 1000) / 1000)
}
