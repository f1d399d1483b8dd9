import { fileURLToPath } from 'node:url'
import { resolve } from 'node:path'
import { renderHtml } from '#report/html.ts'
import { renderText } from '#report/text.ts'
import type { Io } from '../io.ts'
import { EXIT, reportOf } from './analyze.ts'

/** The bundled sample organisation. */
const SAMPLE = fileURLToPath(new URL('../../../examples/tidewicket', import.meta.url))

/** What `npm start` shows: the summary of the sample organisation, and its HTML report. */
export async function demoCommand({ output }: { readonly output: string }, io: Io): Promise<number> {
  const report = await reportOf({ paths: [SAMPLE] }, io)
  const path = resolve(output)
  await io.writeFile(path, renderHtml(report))
  io.write(renderText(report, { width: io.width, colour: io.paint, reportPath: path }))
  return EXIT.clean
}
