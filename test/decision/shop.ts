/** The shop of `examples/shop`, and what is asked there; the answers are shown in docs/decide.md. */
import { readFileSync } from 'node:fs'
import { liveAnalysis } from '#analysis/live.ts'
import { readSettings } from '#cli/read-decision.ts'
import { readFiles } from '#cli/read-files.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import type { Evaluation } from '#contract/decision.ts'
import { buildWorld } from '#decision/build-world.ts'
import type { World } from '#decision/world.ts'

const root = new URL('../../', import.meta.url)
export const pathOf = (name: string): string => new URL(`examples/shop/${name}`, root).pathname
export const pageText = (): string => readFileSync(new URL('docs/decide.md', root), 'utf8')

/** 2026-11-01T09:00:00Z */
const NOON = 1_793_523_600

export const shopWorld = async (): Promise<World> =>
  buildWorld(
    liveAnalysis(await readFiles([pathOf('inventory.yaml')]), await readPolicyFile()),
    await readSettings(pathOf('settings.yaml')),
  )

/** A session of ten minutes ago. */
export function asks(subject: string, action: string, on: string, acr: string): Evaluation {
  return {
    id: `${subject} ${action} ${acr}`.replaceAll(' ', '-'),
    at: NOON,
    request: {
      subject: { type: 'user', id: subject },
      action: { name: action },
      resource: { type: 'page', id: on },
    },
    session: {
      issuer: 'https://login.shop.example',
      subject: `shop:${subject}`,
      client: 'shop',
      sessionId: 's1',
      acr,
      amr: [],
      authTime: NOON - 600,
      startedAt: NOON - 600,
      lastUsedAt: NOON - 20,
      keyClass: null,
      boundAtAal: null,
      senderConstrained: null,
    },
    device: null,
    risk: [],
    exceptions: [],
    stepUpsTried: 0,
  }
}

/** A morning at the shop. */
export const MORNING: readonly Evaluation[] = [
  asks('carla', 'view', 'shop:orders', 'code'),
  asks('carla', 'pay', 'shop:payments', 'code'),
  asks('carla', 'pay', 'shop:payments', 'passkey'),
  asks('otto', 'view', 'shop:orders', 'code'),
  asks('otto', 'pay', 'shop:payments', 'code'),
  asks('ada', 'view', 'shop:orders', 'code'),
  asks('ada', 'view', 'shop:orders', 'key'),
]
