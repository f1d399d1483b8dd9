import { fileURLToPath } from 'node:url'
import { resolve } from 'node:path'
import { renderHtml } from '#report/html.ts'
import { renderText } from '#report/text.ts'
import type { Io } from '../io.ts'
import { EXIT, reportOf } from './analyze.ts'

/** The bundled sample organisation. */
const SAMPLE = fileURLToPath(new URL('../../../examples/tidewicket', import.meta.url))

export interface DemoOptions {
  /** where the HTML report is written */
  readonly output: string
  /** whether a server is started with the sample organisation */
  readonly serve: boolean
  /** port of the server; another that is free where it is taken */
  readonly port: number
}

/** What `npm start` shows: the summary of the sample organisation, its HTML report, and a server to try. */
export async function demoCommand({ output, serve, port }: DemoOptions, io: Io): Promise<number> {
  const report = await reportOf({ paths: [SAMPLE] }, io)
  const path = resolve(output)
  await io.writeFile(path, renderHtml(report))
  io.write(renderText(report, { width: io.width, colour: io.paint, reportPath: path }))
  if (!serve) return EXIT.clean
  const { serveDemo } = await import('./demo-server.ts')
  const { toldToStop } = await import('./serve.ts')
  return serveDemo({ folder: SAMPLE, port, until: toldToStop() }, io)
}
