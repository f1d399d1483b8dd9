/** A QR code as markup: it stands in the page itself, so it needs neither script nor style, and no address holds what it says. */
import encodeQR from 'qr'
import { html, type Markup } from './html.ts'

/** Modules that stay light around it (ISO/IEC 18004:2015 §6.3.8). */
const QUIET = 4
/** Bytes of the largest that cameras read off a small screen: version 20 at level M, of 97 modules (ISO/IEC 18004:2015 table 7). */
const MOST = 666

/** A picture that says `text`, called `label`; null where it says too much to be read. Black on white in both colour schemes. */
export function qrCode(text: string, label: string): Markup | null {
  if (Buffer.byteLength(text) > MOST) return null
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET, encoding: 'byte' })
  const dark = rows.map((row, y) =>
    runsOf(row)
      .map(({ from, length }) => `M${from} ${y}h${length}v1h-${length}z`)
      .join(''),
  )
  return html`<svg class="qr" role="img" aria-label="${label}" viewBox="0 0 ${rows.length} ${rows.length}">
    <path fill="#fff" d="M0 0h${rows.length}v${rows.length}H0z" />
    <path fill="#000" shape-rendering="crispEdges" d="${dark.join('')}" />
  </svg>`
}

/** Each run of dark modules in a row. */
function runsOf(row: readonly boolean[]): { from: number; length: number }[] {
  const runs: { from: number; length: number }[] = []
  for (const [x, isDark] of row.entries()) {
    const last = runs.at(-1)
    if (!isDark) continue
    if (last !== undefined && last.from + last.length === x) last.length++
    else runs.push({ from: x, length: 1 })
  }
  return runs
}
