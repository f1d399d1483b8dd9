import { strict as assert } from 'node:assert'
import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { suite, test } from 'node:test'
import { promisify } from 'node:util'
import { quietIo } from '../../../test/support/quiet-io.ts'
import { serveDemo } from './demo-server.ts'

const SAMPLE = fileURLToPath(new URL('../../../examples/tidewicket', import.meta.url))
const run = promisify(execFile)

suite('npm start', () => {
  test('serves the sample organisation, and each line that it prints to try works', async (context) => {
    if (spawnSync('curl', ['--version']).status !== 0) return context.skip('no curl on this machine')
    const written = { out: '', err: '', files: new Map<string, string>() }
    let end = () => {}
    const until = new Promise<void>((resolve) => (end = resolve))
    let ended: Promise<number> | undefined
    try {
      await new Promise<void>((resolve) => {
        const io = quietIo(written)
        const write = (text: string) => (io.write(text), resolve())
        ended = serveDemo({ folder: SAMPLE, port: 0, until }, { ...io, write })
      })
      const [auth = '', ...lines] = written.out.split('\n').filter((line) => /^ {2}(AUTH=|curl )/.test(line))
      assert.ok(lines.length >= 6, written.out)
      const answers: string[] = []
      for (const line of lines) {
        const quick = line.replace('--max-time 5', '--max-time 1')
        // a stream of events is ended by its time, which curl calls a failure
        const { stdout } = await run('sh', [
          '-c',
          `${auth}\n${quick}${quick.includes('-sN') ? ' || true' : ' --fail-with-body'}`,
        ])
        answers.push(stdout)
      }
      const whole = answers.join('\n')
      assert.match(whole, /"verdict":"unfit"/)
      assert.match(whole, /"verdictsChanged":[1-9]/)
      assert.match(
        whole,
        /event: verdict\.changed\ndata: .*"account":"idp:noor\.haddad".*"verdict":"unfit".*"verdict":"fit"/,
      )
      const decisions = answers.filter((answer) => answer.startsWith('{"decision"'))
      assert.equal(decisions.length, 2)
      assert.match(decisions[0]!, /"decision":false.*"code_beyond_reach".*"acr_value":"key"/)
      assert.match(decisions[1]!, /"decision":true.*"permit_until"/)
      assert.match(whole, /ambit_ready 1/)
      assert.equal(written.err, '')
    } finally {
      end()
      assert.equal(await ended, 0)
    }
  })
})
