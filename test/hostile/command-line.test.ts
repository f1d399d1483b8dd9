/** What a person sees who gives broken files to the command line. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readFiles } from '#cli/read-files.ts'

const ambit = fileURLToPath(new URL('../../bin/ambit.js', import.meta.url))

suite('Broken files on the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-hostile-'))
  after(() => rmSync(folder, { recursive: true }))
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  write('bad1.yaml', 'ambit: 1\nat: 2026-01-01\naccounts:\n  - {id: a:1, kind: robot}\n  - {kind: human}\n')
  write(
    'bad2.json',
    '{"ambit": 1,\n "accounts": [\n  {"id": "a:3", "kind": "human", "nmae": "x"},\n  {"id": 7, "kind": "human"}]}',
  )
  mkdirSync(join(folder, 'bare'))
  write('bare/notes.txt', 'nothing to see')
  const analyse = (...paths: string[]) =>
    spawnSync(process.execPath, [ambit, 'analyze', ...paths], { cwd: folder, encoding: 'utf8' })

  test('every error goes to standard error with file, line and remedy, nothing to standard output, and the code is 2', () => {
    const run = analyse('bad1.yaml', 'bad2.json')
    assert.equal(run.stdout, '')
    assert.equal(run.status, 2)
    const expected = [
      /^bad1\.yaml:4 .*`robot`.*\n +write one of `human`/m,
      /^bad1\.yaml:5 .*`id` is missing\n +add `id`/m,
      /^bad2\.json:3 .*`nmae`\n +correct the spelling/m,
      /^bad2\.json:4 .*`7`.*\n +put it in quotes/m,
      /the input has 4 errors/,
    ]
    for (const line of expected) assert.match(run.stderr, line)
    assert.doesNotMatch(run.stderr, /\bat .*\.ts:\d+/, 'no stack trace')
    assert.equal(run.stderr.split('`robot`').length, 2, 'each is told once')
  })

  test('a folder without files to read, and a path that is not there, are said to be so beside the rest', () => {
    const run = analyse('bare', 'gone.yaml', 'bad1.yaml')
    assert.equal(run.stdout, '')
    assert.equal(run.status, 2)
    const expected = [
      /^bare.*holds no \.yaml.*\n +name the files themselves/m,
      /^gone\.yaml.*does not exist\n +check the spelling/m,
      /^bad1\.yaml:4 /m,
      /the input has 4 errors/,
    ]
    for (const line of expected) assert.match(run.stderr, line)
  })

  test(
    'a report that the disk has no room for is no report with findings: the code is 2, and it is said why',
    {
      skip: existsSync('/dev/full') ? false : 'needs a /dev/full',
    },
    () => {
      write('good.yaml', 'ambit: 1\naccounts: [{id: a, kind: human}]\n')
      for (const format of ['text', 'json']) {
        const full = openSync('/dev/full', 'w')
        const run = spawnSync(process.execPath, [ambit, 'analyze', 'good.yaml', '-f', format], {
          cwd: folder,
          encoding: 'utf8',
          stdio: ['ignore', full, 'pipe'],
        })
        closeSync(full)
        assert.equal(run.status, 2)
        assert.match(run.stderr, /^ambit: cannot write to standard output: ENOSPC.* is not complete$/m)
        assert.doesNotMatch(run.stderr, /\bat .*\.ts:\d+/, 'no stack trace')
      }
    },
  )

  test('where the memory does not suffice it is said so, and what would, in place of what V8 leaves behind', () => {
    const sample = fileURLToPath(new URL('../../examples/tidewicket', import.meta.url))
    const run = spawnSync(process.execPath, [ambit, 'analyze', sample], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '--max-old-space-size=16' },
    })
    assert.equal(run.status, 2)
    assert.match(
      run.stderr,
      /^ambit: the memory that it may use is not enough .* not complete\. Give it more .*NODE_OPTIONS.*\n$/,
    )
  })

  test('Node gets three quarters of the memory of the machine for its heap, or of the container where that has less', async () => {
    const { heapMegabytes }: { heapMegabytes: (total: number, constrained: number) => number } = await import(
      new URL('../../bin/memory.js', import.meta.url).href
    )
    const gigabyte = 1024 ** 3
    assert.equal(heapMegabytes(16 * gigabyte, 0), 12_288)
    assert.equal(heapMegabytes(16 * gigabyte, 2 ** 64), 12_288)
    assert.equal(heapMegabytes(16 * gigabyte, 4 * gigabyte), 3072)
  })

  test('a command that is ended by a signal ends by that signal, not as one that found nothing', async () => {
    const waiting = JSON.stringify(['-e', 'console.log("up"); setInterval(() => {}, 1000)'])
    for (const [file, start] of [
      ['memory.js', 'runWithMemory'],
      ['runtime.js', 'handOver'],
    ]) {
      const url = new URL(`../../bin/${file}`, import.meta.url).href
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        write('start.mjs', `import { ${start} } from ${JSON.stringify(url)}\n${start}(process.execPath, ${waiting})\n`)
        const run = spawn(process.execPath, ['start.mjs'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
        await once(run.stdout, 'data')
        run.kill(signal)
        assert.deepEqual(await once(run, 'exit'), [null, signal], `${start} after ${signal}`)
      }
    }
  })

  test('what is read is not written over, by whatever name', () => {
    const text = 'ambit: 1\naccounts: [{id: a, kind: human}]\n'
    mkdirSync(join(folder, 'own'))
    write('own/inventory.yaml', text)
    symlinkSync(join(folder, 'own/inventory.yaml'), join(folder, 'link.yaml'))
    for (const [path, output] of [
      ['own/inventory.yaml', './own/inventory.yaml'],
      ['own', 'link.yaml'],
      ['link.yaml', 'own/inventory.yaml'],
    ] as const) {
      const run = analyse(path, '-f', 'json', '-o', output)
      assert.equal(run.status, 2)
      assert.match(run.stderr, /^ambit: `.*` is read by this command and would be overwritten; name another file/)
      assert.equal(readFileSync(join(folder, 'own/inventory.yaml'), 'utf8'), text)
    }
    assert.equal(analyse('own', '-f', 'json', '-o', 'own/report.txt').status, 0)
  })

  test('a file that cannot be written is said so with what to do', () => {
    write('fine.yaml', 'ambit: 1\naccounts: [{id: a, kind: human}]\n')
    const expected: readonly (readonly [string, RegExp])[] = [
      [
        'none/r.json',
        /^ambit: cannot write `none\/r\.json`: its folder does not exist; make the folder, or name another$/m,
      ],
      ['bare', /^ambit: cannot write `bare`: it is a folder; name a file in it$/m],
      ['fine.yaml/r.json', /^ambit: cannot write `.*`: what should be its folder is a file; name another$/m],
      ['', /^ambit: the name of the file to write is empty; name one$/m],
      ...(existsSync('/dev/full') ? [['/dev/full', /the disk is full, and .* not complete; make room/] as const] : []),
    ]
    for (const [output, message] of expected) {
      const run = analyse('fine.yaml', '-o', output)
      assert.equal(run.status, 2, output)
      assert.match(run.stderr, message)
    }
  })

  test(
    'bad input has its exit code also where nobody reads what is said of it',
    { skip: !existsSync('/bin/sh') },
    () => {
      const command = `exec 3>&1; { '${process.execPath}' '${ambit}' analyze gone.yaml 2>&1 >/dev/null; echo $? >&3; } | true`
      const run = spawnSync('/bin/sh', ['-c', command], { cwd: folder, encoding: 'utf8' })
      assert.deepEqual([run.stdout, run.stderr], ['2\n', ''])
    },
  )

  test('a file given twice is read once', async () => {
    const path = join(folder, 'bad1.yaml')
    const { sources, diagnostics } = await readFiles([path, path])
    assert.deepEqual([sources.length, diagnostics.length], [1, 2])
  })
})
