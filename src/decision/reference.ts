/**
 * What a decision is, written to be read: no tables, nothing kept, nothing shared with `decide.ts` but the world that both
 * read. `reference.test.ts` holds the two equal on arbitrary worlds and questions.
 */
import { OWN_ACTIONS, RISK_LEVELS, type Evaluation, type Outcome } from '#contract/decision.ts'
import { CAPABILITIES, IMPACTS, STRENGTHS, type Strength } from '#contract/vocabulary.ts'
import type { World } from './world.ts'

export interface Verdict {
  readonly outcome: Outcome
  readonly exception: string | null
  readonly permitUntil: number | null
}
const DENY: Verdict = { outcome: 'deny', exception: null, permitUntil: null }
const rank = (strength: Strength) => STRENGTHS.indexOf(strength)

export function decideByDefinition(world: World, it: Evaluation): Verdict {
  const { policy, settings } = world
  const { live } = policy
  const type = Object.entries(settings.subjects).find(([name]) => name === it.request.subject.type)?.[1]
  const account = type && world.account((type.prefix ?? '') + it.request.subject.id)
  if (!account || (type.kinds && !type.kinds.includes(account.kind)) || !account.enabled) return DENY
  const kinds = it.risk.map(({ kind }) => kind)
  if (kinds.includes('account_disabled') || kinds.includes('account_frozen')) return DENY

  // what is asked for, and who may
  const named = world.target(it.request.resource.id)
  const target =
    named && ['resource', named.type].includes(it.request.resource.type)
      ? named
      : named?.type === 'resource'
        ? named
        : null
  const action = it.request.action.name
  const configured = Object.entries(settings.actions).find(([name]) => name === action)?.[1]
  const meant = configured ?? CAPABILITIES.find((each) => each === action)
  const held = target ? world.rights(account, target, it.at) : []
  const has = (set: number, capability: string) =>
    ((set >> CAPABILITIES.findIndex((each) => each === capability)) & 1) === 1
  const rights = held.filter((each) => each.right === action || (meant !== undefined && has(each.capabilities, meant)))
  const amounts = new Set<string>(meant === undefined ? [] : [meant])
  const byName = configured === undefined ? rights.filter((each) => each.right === action) : []
  for (const { capabilities } of byName) for (const each of CAPABILITIES) if (has(capabilities, each)) amounts.add(each)
  const asSet = CAPABILITIES.reduce((set, each, bit) => (amounts.has(each) ? set + 2 ** bit : set), 0)
  const own = OWN_ACTIONS.includes(action)
  if (settings.mode !== 'assurance_only' && rights.length === 0 && !own) return DENY
  const rightEnd = own ? Infinity : Math.max(...rights.map(({ until }) => until ?? Infinity))

  // how much is at stake
  const path = target && amounts.size > 0 ? world.path(account, asSet, target) : null
  const access = path ?? account.whole
  const demands = [account.floor.requirement, access.requirement]
  const impact = Math.max(IMPACTS.indexOf(account.floor.impact), IMPACTS.indexOf(access.impact))
  const lives = IMPACTS.slice(0, impact + 1).map((each) => live.access[each])
  const fresh = IMPACTS.slice(0, IMPACTS.indexOf(access.impact) + 1).map((each) => live.access[each])
  const human = account.kind === 'human'
  const risky = it.risk.map(({ level }) => (RISK_LEVELS.includes(level) ? RISK_LEVELS.indexOf(level) : 2))
  const risk = Math.max(0, account.exposed ? 1 : 0, ...risky)
  const risks = RISK_LEVELS.slice(0, risk + 1).map((each) => live.risk[each])

  // what the session showed
  const mine = it.session !== null && it.session.subject === account.id ? it.session : null
  const times = mine ? [mine.authTime, mine.startedAt, mine.lastUsedAt] : []
  const ahead = times.some((time) => time !== null && !(time >= 0 && time <= it.at + live.clock.skewSeconds))
  const table = mine && !ahead ? Object.entries(settings.issuers).find(([iss]) => iss === mine.issuer)?.[1] : undefined
  const row = table && 'acr' in table ? Object.entries(table.acr).find(([acr]) => acr === mine!.acr)?.[1] : undefined
  let shown = row ? rank(row.strength) : 0
  const code = row !== undefined && (row.code ?? shown < 3)
  if (mine && mine.boundAtAal !== null) shown = Math.min(shown, [1, 1, 3, 4][mine.boundAtAal] ?? 1)
  if (!(mine?.keyClass === 'hardware' || (mine?.keyClass === null && row?.vouches === 'hardware')))
    shown = Math.min(shown, 3)
  if (code) shown = Math.min(shown, 2)
  const relayed = code && shown > 0
  const since = (time: number | null | undefined) =>
    time === null || time === undefined || ahead ? Infinity : Math.max(0, it.at - time)
  const age = since(mine?.authTime)
  const idle = Math.min(age, since(mine?.lastUsedAt))

  // what is asked of it
  const sessions = demands.flatMap((each) => [each.session, ...(relayed && each.codeSession ? [each.codeSession] : [])])
  const overall = Math.min(...sessions.map((each) => each.overallSeconds ?? Infinity))
  const maxIdle = Math.min(...sessions.map((each) => each.idleSeconds ?? Infinity))
  const maxAge = Math.min(overall, ...[...fresh, ...risks].map((each) => each.maxAgeSeconds ?? Infinity))
  const base = Math.max(
    ...demands.map((each) =>
      Math.max(rank(each.strength), each.phishingResistant ? 3 : 0, each.hardwareBacked ? 4 : 0),
    ),
  )
  const atRisk = Math.max(...risks.map((each) => rank(each.strength)))
  const refusesCodes = demands.some((each) => each.codes === 'refused')
  const signal = Math.max(
    -Infinity,
    ...it.risk.map((each, i) =>
      RISK_LEVELS.slice(0, risky[i]! + 1).some((level) => live.risk[level].afterSignal)
        ? Math.min(each.at, it.at)
        : -Infinity,
    ),
  )

  if (settings.mode === 'entitled_only') return permit([rightEnd])
  const bound = lives.some((each) => each.senderConstrained)
  const holdsKey = mine !== null && mine.senderConstrained !== null
  if (risks.some((each) => each.blocks)) return DENY
  if (kinds.includes('recovered_lately') && impact >= IMPACTS.indexOf('moderate')) return DENY
  const revoked = it.risk.some(({ kind, at }) => kind === 'session_revoked' && !(it.at - age > Math.min(at, it.at)))
  if (lives.some((each) => each.device !== 'any') && it.device?.managed !== true) return DENY
  if (lives.some((each) => each.device === 'compliant') && it.device?.compliant !== true) return DENY
  if (bound && !holdsKey) return DENY
  const ends = settings.mode === 'assurance_only' ? [] : [rightEnd]
  if (!human) {
    const needsKey = impact >= IMPACTS.indexOf(live.nonHuman.senderConstrained) || risk > 0
    return account.exposed || mine === null || revoked || risk === 2 || (needsKey && !holdsKey) ? DENY : permit(ends)
  }
  if (demands.some((each) => each.controls.some((control) => !account.controls.includes(control)))) return DENY

  const weak = shown < base || (relayed && refusesCodes)
  const rest =
    revoked ||
    (mine === null && Math.max(base, atRisk) > 0) ||
    shown < atRisk ||
    age > maxAge ||
    idle > maxIdle ||
    (signal > -Infinity && !(it.at - age >= signal))
  // a limit that was kept has an end; where there is none, nothing was measured either
  ends.push(
    ...[
      [age, maxAge],
      [idle, maxIdle],
    ].map(([spent, most]) => (most === Infinity ? Infinity : it.at - spent! + most!)),
  )
  if (!weak && !rest) return permit(ends)
  const reached = account.floorCapabilities | (path ? asSet : account.wholeCapabilities)
  const covering = it.exceptions
    .filter(({ until }) => until > it.at && until <= it.at + policy.exceptions.maxDays * 86_400)
    .filter((each) =>
      CAPABILITIES.every((capability) => !has(reached, capability) || each.capabilities.includes(capability)),
    )
    .toSorted((a, b) => a.until - b.until || (a.id < b.id ? -1 : 1))[0]
  const excused = shown >= 1 ? covering : undefined
  if (excused && !rest) return permit([...ends, excused.until], excused.id)
  if (!(it.stepUpsTried < live.stepUps.most)) return DENY
  const asks = excused ? Math.max(atRisk, shown) : Math.max(base, atRisk)
  return rank(account.canProve) < asks ? DENY : { ...DENY, outcome: 'step_up' }

  function permit(limits: readonly number[], exception: string | null = null): Verdict {
    const lasts = Math.min(...[...lives, ...risks].map((each) => each.permitSeconds ?? Infinity))
    return { outcome: 'permit', exception, permitUntil: Math.min(it.at + lasts, ...limits) }
  }
}
