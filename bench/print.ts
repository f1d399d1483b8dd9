import type { Results, Row } from './bench.ts'

/** Stages that say more than a line of the table holds. */
const ASIDE = new Set([
  'on-demand',
  'incremental',
  'ingest',
  'plan',
  'decide',
  'change',
  'http',
  'verify',
  'sign-in',
  'enumeration',
])

/** Prints all results as one table per regime, a line per stage and graph, and what does not fit a table below it. */
export function printResults({ machine, graphs, rows, disagreements }: Results): void {
  console.log(
    Object.entries(machine)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  )
  for (const graph of graphs) {
    const { accounts, regime, nodes, arcs, gates, bytes, generate, build, write, peakMb } = graph
    console.log(
      `${regime} ${count(accounts)}: ${count(nodes)} nodes, ${count(arcs)} arcs, ${count(gates)} gates, ` +
        `${Math.round(bytes / 1e6)} MB file; generate ${time(generate.wallMs)}, build program ${time(build.wallMs)}, ` +
        `write ${time(write.wallMs)}, peak ${Math.round(peakMb)} MB`,
    )
  }
  const header = [
    'graph',
    'stage',
    'wall',
    'CPU',
    'peak MB',
    'C++ CPU',
    'CPU ratio',
    'growth',
    'slower than R1',
    'load',
  ]
  const lines = rows
    .filter(({ stage }) => !ASIDE.has(stage))
    .map((row) => [
      `${row.regime} ${count(row.accounts)}`,
      row.title,
      time(row.wallMs),
      time(row.cpuMs),
      String(Math.round(row.peakMb)),
      row.nativeMs === undefined ? '' : time(row.nativeMs),
      row.nativeMs === undefined ? '' : (row.cpuMs / row.nativeMs).toFixed(2),
      growthOf(row, rows, graphs),
      row.timesSlower === undefined ? '' : `${Math.round(row.timesSlower)}×`,
      row.load.toFixed(1),
    ])
  const widths = header.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]!.length)))
  for (const line of [header, widths.map((width) => '-'.repeat(width)), ...lines]) {
    console.log(line.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
  }
  for (const { regime, accounts, title, notes } of rows) {
    if (notes === undefined) continue
    const shown = Object.entries(notes).map(([name, value]) => `${name} ${value}`)
    console.log(`${regime} ${count(accounts)}, ${title}: ${shown.join(', ')}`)
  }
  console.log(
    disagreements.length === 0
      ? 'All implementations gave the same answers.'
      : `ANSWERS DIFFER:\n${disagreements.join('\n')}`,
  )
}

/** The exponent b of CPU ~ arcs^b between the next smaller graph of the regime and this one. */
function growthOf(row: Row, rows: readonly Row[], graphs: Results['graphs']): string {
  const smaller = rows.filter(
    ({ stage, regime, accounts }) => stage === row.stage && regime === row.regime && accounts < row.accounts,
  )
  const before = smaller.at(-1)
  if (before === undefined) return ''
  const arcsOf = ({ accounts, regime }: Row): number =>
    graphs.find((graph) => graph.accounts === accounts && graph.regime === regime)!.arcs
  return (Math.log(row.cpuMs / before.cpuMs) / Math.log(arcsOf(row) / arcsOf(before))).toFixed(2)
}

function count(value: number): string {
  if (value >= 999_500) return `${Number((value / 1e6).toPrecision(3))}M`
  return value >= 1000 ? `${Number((value / 1e3).toPrecision(3))}k` : String(value)
}

function time(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
