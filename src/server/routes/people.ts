/** Who may sign in here, kept by whoever administers them. */
import type { FastifyInstance } from 'fastify'
import type { PeopleParts } from '#server/sign-in/parts.ts'
import type { ServerContext } from '../context.ts'
import { passRoutes } from './people/passes.ts'
import { personRoutes } from './people/person.ts'
import { caseRoutes } from './people/recovery.ts'
import { takenRoutes } from './people/taken.ts'

export function peopleRoutes(parts: PeopleParts, audit: ServerContext['audit']) {
  return async (app: FastifyInstance): Promise<void> => {
    for (const routes of [personRoutes, passRoutes, caseRoutes, takenRoutes]) routes(app, { parts, audit })
  }
}
