/**
 * A shop. Its people sign in at Ambit; before each use it asks Ambit whether this session may, and heeds the answer. Nowhere does
 * it say which factor is needed for what.
 */
import { randomUUID } from 'node:crypto'
import express, { type Express, type Request, type Response } from 'express'
import * as oidc from 'openid-client'
import { authorizationParameters, createClient, expressGuard, type Refused, type StepUpAdvice } from '#sdk/index.ts'
import { homePage, ordersPage, paidPage, refusedPage, STYLE } from './pages.ts'

export interface ShopOptions {
  /** where Ambit is, and where the shop is, as browsers know them */
  readonly ambit: string
  readonly origin: string
  /** the shop as a client of Ambit's OpenID provider */
  readonly secret: string
  /** a token of Ambit with the scope `decide` */
  readonly token: string
}

/** What the shop remembers of a browser. */
interface Visit {
  name?: string
  accessToken?: string
  /** what Ambit asks for before it permits what was wanted */
  stepUp?: StepUpAdvice
  /** a sign-in under way */
  pending?: { readonly verifier: string; readonly state: string }
}

/** Audience of the access tokens; stands in ambit.yaml too. */
const API = 'https://shop.example'

export async function createShop({ ambit, origin, secret, token }: ShopOptions): Promise<Express> {
  const overLoopback = { execute: [oidc.allowInsecureRequests] }
  const provider = await oidc.discovery(new URL(`${ambit}/oidc`), 'shop', secret, undefined, overLoopback)
  const client = createClient({ url: ambit, token, cache: 0 }) // each use is asked anew, so a change shows at once
  const visits = new Map<string, Visit>()
  const redirectUri = `${origin}/signed-in`

  function visitOf(request: Request, response: Response): Visit {
    const id = /(?:^|; )shop=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
    const known = visits.get(id)
    if (known !== undefined) return known
    const visit = {}
    remember(visit, response)
    return visit
  }

  /** Under a new name each time: nobody signs in under one that somebody else gave him. */
  function remember(visit: Visit, response: Response): void {
    for (const [id, each] of visits) if (each === visit) visits.delete(id)
    const fresh = randomUUID()
    visits.set(fresh, visit)
    response.cookie('shop', fresh, { httpOnly: true, sameSite: 'lax' })
  }

  /** Lets a request go on if Ambit permits it; else shows why not, and the way to prove more. */
  const needs = (action: string, resource: string) =>
    expressGuard({
      client,
      ask: () => ({ action: { name: action }, resource: { type: 'page', id: resource } }),
      token: ({ res }: Request) => (res!.locals['visit'] as Visit).accessToken ?? null,
      refused({ status, headers, answer, body }: Refused, _request: Request, response: Response) {
        const visit: Visit = response.locals['visit']
        if (answer?.stepUp != null) visit.stepUp = answer.stepUp
        const canProve = status === 401
        response
          .status(status)
          .set(headers)
          .send(refusedPage({ wanted: action, why: body.message, canProve }))
      },
    })

  const app = express()
  app.use((request, response, next) => ((response.locals['visit'] = visitOf(request, response)), next()))
  app.get('/style.css', (_request, response) => void response.type('css').send(STYLE))
  app.get('/', (_request, response) => void response.send(homePage((response.locals['visit'] as Visit).name)))
  app.get('/orders', needs('view', 'shop:orders'), (_request, response) => void response.send(ordersPage()))
  app.post('/pay', needs('pay', 'shop:payments'), (_request, response) => void response.send(paidPage()))

  app.get('/sign-in', async (_request, response) => {
    const visit: Visit = response.locals['visit']
    const [verifier, state] = [oidc.randomPKCECodeVerifier(), oidc.randomState()]
    visit.pending = { verifier, state }
    const address = await oidc.buildAuthorizationUrlWithPAR(provider, {
      redirect_uri: redirectUri,
      scope: 'openid profile shop',
      resource: API,
      state,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      // RFC 9470: what Ambit said is missing goes into the request as it came
      ...(visit.stepUp === undefined ? {} : authorizationParameters(visit.stepUp)),
    })
    response.redirect(address.href)
  })

  app.get('/signed-in', async (request, response) => {
    const visit: Visit = response.locals['visit']
    const { verifier = '', state = '' } = visit.pending ?? {}
    delete visit.pending
    delete visit.stepUp
    try {
      const checks = { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true }
      const tokens = await oidc.authorizationCodeGrant(provider, new URL(request.url, origin), checks, {
        resource: API,
      })
      visit.name = tokens.claims()!.sub
      visit.accessToken = tokens.access_token
      remember(visit, response)
      response.redirect('/orders')
    } catch (error) {
      const why = error instanceof oidc.AuthorizationResponseError ? error.error_description : undefined
      response.status(403).send(refusedPage({ wanted: 'sign in', why: why ?? 'Signing in failed.', canProve: true }))
    }
  })
  app.get('/sign-out', (_request, response) => {
    const visit: Visit = response.locals['visit']
    delete visit.name
    delete visit.accessToken
    const after = { client_id: 'shop', post_logout_redirect_uri: `${origin}/` }
    response.redirect(oidc.buildEndSessionUrl(provider, after).href)
  })
  return app
}
