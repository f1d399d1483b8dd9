/** What `@ambit/sdk` exports. */
export type { Answer, Question, Session, StepUpAdvice } from './answer.ts'
export { createClient, type Client, type ClientOptions } from './client.ts'
export { guard, type Ask, type Guarded, type GuardOptions, type Refused } from './guard.ts'
export { expressGuard, fastifyGuard, honoGuard, nodeGuard, webGuard } from './adapters.ts'
export { authorizationParameters, readStepUp, stepUpChallenge } from './step-up.ts'
