import type { Simulation } from '#contract/simulation.ts'
import { AmbitError } from '#lib/errors.ts'
import { checkInventory, refuseErrors } from '#model/inventory.ts'
import { nearest } from '#policy/nearest.ts'
import type { Attacker, Policy } from '#policy/policy.ts'
import { renderSimulationHtml } from '#report/simulation-html.ts'
import { renderSimulationText } from '#report/simulation-text.ts'
import { simulate, simulateAll } from '#simulation/simulate.ts'
import { worldOf, type World } from '#simulation/world.ts'
import type { Io } from '../io.ts'
import { readFiles } from '../read-files.ts'
import { readPolicyFile } from '../read-policy.ts'
import { EXIT } from './analyze.ts'

export const SIMULATION_FORMATS = ['text', 'json', 'html'] as const

export interface SimulateOptions {
  readonly paths: readonly string[]
  readonly policy?: string
  readonly attacker: readonly string[]
  readonly start: readonly string[]
  readonly all?: boolean
  readonly format: (typeof SIMULATION_FORMATS)[number]
  /** a file, or `-` for standard output */
  readonly output?: string
  readonly at?: string
  readonly top?: number
}

/** What falls to some attackers, or to each of the policy alone. Returns 0: what falls is no verdict. */
export async function simulateCommand(options: SimulateOptions, io: Io): Promise<number> {
  const { attacker, start, all = false } = options
  if (all && attacker.length + start.length > 0)
    throw new AmbitError('usage', '`--all` shows every attacker alone; drop it, or drop --attacker and --start')
  const policy = await readPolicyFile(options.policy)
  if (!all && attacker.length + start.length === 0)
    throw new AmbitError(
      'usage',
      `say who attacks: --attacker NAME, --start NODE or --all; the policy has ${policy.attackers.map(({ name }) => name).join(', ')}`,
    )
  const attackers = [...new Set(attacker)].map((name) => attackerNamed(policy, name))
  const world = await readWorld(options.paths, policy, options.at, io)
  const starts = [...new Set(start)].map((id) => startNamed(world, id))
  const simulation = all ? simulateAll(world) : simulate(world, { attackers, starts })
  const text = render(simulation, options, io)
  const { output } = options
  if (output === undefined || output === '-') io.write(text)
  else {
    await io.writeFile(output, text)
    io.error(`wrote ${output}\n`)
  }
  return EXIT.clean
}

/** The rules of some inventory paths and what they are worth, with progress on a terminal. */
export async function readWorld(
  paths: readonly string[],
  policy: Policy,
  at: string | undefined,
  io: Io,
): Promise<World> {
  io.progress.show('reading …')
  try {
    const inventory = await readFiles(paths)
    const checked = checkInventory(at === undefined ? inventory : { ...inventory, at: inventory.at ?? at })
    refuseErrors(checked.diagnostics)
    io.progress.show('rules and reach …')
    return worldOf(checked, policy)
  } finally {
    io.progress.done()
  }
}

/** @throws {AmbitError} `usage`, with the nearest name, for an attacker that the policy does not have */
export function attackerNamed({ attackers }: Policy, name: string): Attacker {
  const found = attackers.find((each) => each.name === name)
  if (found !== undefined) return found
  const names = attackers.map((each) => each.name)
  const guess = nearest(name, names) ?? names.find((each) => each.includes(name))
  const hint = guess === undefined ? `it has ${names.join(', ')}` : `did you mean \`${guess}\`?`
  throw new AmbitError('usage', `the policy has no attacker \`${name}\`; ${hint}`, { attacker: name })
}

/** An id that the rules know and that somebody can hold. @throws {AmbitError} `usage` otherwise */
function startNamed({ snapshot }: World, id: string): string {
  const fact = snapshot.inventory.get(id)?.fact
  if (snapshot.indexOf.has(id) && !id.startsWith('gate:')) {
    if (fact?.fact !== 'account' || fact.enabled !== false) return id
    throw new AmbitError('usage', `account \`${id}\` is disabled, so nobody can hold it; start with another`, {
      start: id,
    })
  }
  if (fact !== undefined)
    throw new AmbitError(
      'usage',
      `\`${id}\` is a ${fact.fact}, which nobody holds; start with an account, channel, authenticator, secret, session or right`,
      { start: id },
    )
  const ids = snapshot.nodeIds.filter((each) => !each.startsWith('gate:'))
  const word = id.toLowerCase()
  const near = ids.filter((each) => !each.startsWith('right:') && each.toLowerCase().includes(word)).slice(0, 5)
  const guess = nearest(id, ids)
  const guesses = near.length > 0 ? near : guess === undefined ? [] : [guess]
  const hint =
    guesses.length === 0
      ? 'give the id of a thing in the inventory'
      : `did you mean ${guesses.map((each) => `\`${each}\``).join(' or ')}?`
  throw new AmbitError('usage', `nothing is called \`${id}\` in this inventory; ${hint}`, { start: id })
}

function render(simulation: Simulation, { format, output, top }: SimulateOptions, io: Io): string {
  const plain = output !== undefined && output !== '-'
  switch (format) {
    case 'json':
      return `${JSON.stringify(simulation, null, 2)}\n`
    case 'html':
      return renderSimulationHtml(simulation)
    case 'text':
      return renderSimulationText(simulation, {
        width: plain ? 100 : io.width,
        ...(plain ? {} : { colour: io.paint }),
        ...(top === undefined ? {} : { top }),
      })
  }
}
