/** A finding's proof drawn as a chain of boxes: an ordered list, so that it wraps, prints, and is read aloud in order. */
import type { Finding, Proof } from '#contract/report.ts'
import { chainOf, type Chain, type ChainBox } from './chain.ts'
import { escaped } from './html-text.ts'
import type { Names } from './names.ts'
import { placeText, type NodeSort } from './phrases.ts'

const SORT_LABELS: Readonly<Record<NodeSort, string>> = {
  account: 'account',
  group: 'group or role',
  channel: 'channel',
  authenticator: 'authenticator',
  secret: 'secret',
  session: 'session',
  right: 'may',
  thing: '',
}

type Part = 'given' | 'account' | 'goal' | 'between'

/** The chain into the account and on to what it reaches, and the same step by step; empty when there is no proof. */
export function chainFigure(finding: Finding, names: Names): string {
  const entry = finding.proof.entry && chainOf(finding.proof.entry, names)
  const reach = finding.proof.reach && chainOf(finding.proof.reach, names)
  if (!entry && !reach) return ''
  const layers = [
    ...(entry ? layersHtml(entry, finding.account, 'entry') : []),
    ...(reach ? layersHtml(reach, finding.account, entry ? 'rest' : 'reach') : []),
  ]
  const caption = !reach
    ? 'How it is entered'
    : entry
      ? 'How it is entered, and what that leads to'
      : 'What it leads to'
  return `<figure class="chain"><figcaption>${caption}</figcaption><ol>${layers.join('')}</ol>${stepsHtml([entry, reach])}</figure>`
}

/** One list item per layer. With `rest`, the account's own box is left out: the entry before it has drawn it. */
function layersHtml(chain: Chain, account: string, use: 'entry' | 'reach' | 'rest'): string[] {
  const last = chain.layers.length - 1
  return chain.layers
    .map((layer) => (use === 'rest' ? layer.filter(({ node }) => node !== account) : layer))
    .map((layer, index) => ({ layer, index }))
    .filter(({ layer }) => layer.length > 0)
    .map(({ layer, index }) => {
      const boxes = layer.map((box) => boxHtml(box, partOf(box, account, use, index === 0, index === last)))
      return `<li>${boxes.join('<span class="and">and</span>')}</li>`
    })
}

function partOf(box: ChainBox, account: string, use: 'entry' | 'reach' | 'rest', first: boolean, last: boolean): Part {
  if (box.node === account) return 'account'
  if (use === 'entry') return first ? 'given' : 'between'
  return last ? 'goal' : 'between'
}

function boxHtml({ label, sort }: ChainBox, part: Part): string {
  const kicker = [part === 'given' ? 'defeated' : '', SORT_LABELS[sort]].filter((word) => word !== '').join(' · ')
  const sortHtml = kicker === '' ? '' : `<span class="kicker">${kicker} </span>`
  return `<span class="box ${part}">${sortHtml}<bdi>${escaped(label)}</bdi></span>`
}

function stepsHtml(chains: readonly (Chain | null)[]): string {
  const steps = chains.flatMap((chain) => chain?.sentences ?? [])
  if (steps.length === 0) return ''
  const items = steps.map(({ text, place }) => {
    const where = place ? ` <span class="place">${escaped(placeText(place))}</span>` : ''
    return `<li>${escaped(text)}${where}</li>`
  })
  return `<details class="steps"><summary>Step by step</summary><ol>${items.join('')}</ol></details>`
}

/** The steps of a proof as plain lines with their places. */
export function chainLines(proof: Proof, names: Names): string[] {
  return chainOf(proof, names).sentences.map(({ text, place }) => (place ? `${text} (${placeText(place)})` : text))
}
