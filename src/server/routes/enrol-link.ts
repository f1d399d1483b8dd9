/** Linking an account at another provider with a pass: somebody who has nothing to sign in with here proves there who he is. */
import type { FastifyInstance } from 'fastify'
import { notice } from '#server/pages/layout.ts'
import { html } from '#server/pages/html.ts'
import { wordsFor } from '#server/pages/words/words.ts'
import { drawEnrolment, drawLinkChoice, ENROL, enrolled, useLeave } from '#server/sign-in/enrolment.ts'
import { postedForm } from '#server/sign-in/forms.ts'
import { openLeave } from '#server/sign-in/leave.ts'
import { beginLink, confirmLink } from '#server/sign-in/own-upstreams.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'

export function enrolLinkRoutes(app: FastifyInstance, parts: PeopleParts): void {
  const { tools, origin } = parts
  const config = { access: 'own' } as const
  const posted = { keyring: tools.keyring, place: ENROL, origin }

  app.post('/enrol/link', { config }, async (request, reply) => {
    const words = wordsFor(request.headers['accept-language'])
    const { fields, browser } = postedForm(request, posted)
    const { leave = '', upstream } = fields
    await openLeave(tools, leave, { enrols: 'upstream', browser })
    const provider = parts.upstreams.list.find(({ id }) => id === upstream)
    const location = provider && (await beginLink(parts, provider, browser, { to: 'enrol', leave }))
    if (location != null) return reply.redirect(location, 303)
    const message = provider === undefined ? null : words.upstreamUnavailable(provider.name)
    return drawLinkChoice(parts, { request, reply }, { leave, browser, message })
  })
  app.post('/enrol/link-confirm', { config }, async (request, reply) => {
    const words = wordsFor(request.headers['accept-language'])
    const { fields, browser } = postedForm(request, posted)
    const leave = await openLeave(tools, fields['leave'], { enrols: 'upstream', browser })
    await useLeave(parts, leave)
    const { account, boundAtAal } = leave
    // nobody's session links it, so none has to be alive
    const { outcome, name } = await confirmLink(parts, fields['found'], { account, browser, boundAtAal, session: null })
    const title = words.upstreams
    if (outcome === 'linked')
      return enrolled(parts, { request, reply }, { account, title, template: 'upstream_linked', name })
    const why = outcome === 'other' ? `${words.upstreamOther(name)} ` : ''
    return drawEnrolment(
      parts,
      { request, reply: reply.code(403) },
      { title, body: html`${notice(why + words.problems.passOver)}` },
    )
  })
}
