import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import type { Fact } from '#model/facts.ts'
import { checkInventory } from '#model/inventory.ts'
import { runImporter } from './importer.ts'
import { opengraph } from './opengraph.ts'
import { readInventory } from './read.ts'

const SHARED = process.env.AMBIT_SHARED ?? new URL('../../../shared', import.meta.url).pathname
const FIXTURE = new URL('opengraph.fixture.json', import.meta.url)
const fixture = () => JSON.parse(readFileSync(FIXTURE, 'utf8'))
const run = (root: unknown) => runImporter(opengraph, root, { file: 'graph.json' })
/** Facts with `~` for the prefix of every id. */
const factsOf = (root: unknown): Fact[] =>
  run(root).facts.map(({ fact }) => JSON.parse(JSON.stringify(fact).replaceAll('opengraph:', '~')))
const reportsOf = (root: unknown) =>
  run(root).diagnostics.map(({ code, message, place }) => `${code} ${place?.pointer}: ${message}`)

const person = (id: string, name: string, more: object = {}) => [
  { fact: 'account', id: `~${id}`, kind: 'human', name, ...more },
  { fact: 'authenticator', id: `~${id}#sign-in`, kind: 'unknown', of: [`~${id}`] },
  { fact: 'wayIn', id: `~${id}#way/sign-in`, account: `~${id}`, purpose: 'sign_in', requires: `~${id}#sign-in` },
]
const right = (holder: string, on: string, capability: string, kind: string) => ({
  fact: 'entitlement',
  holder: `~${holder}`,
  on: `~${on}`,
  capabilities: [capability],
  right: kind,
})

suite('importing a BloodHound OpenGraph payload', () => {
  test('the facts of the fixture', () => {
    assert.deepEqual(factsOf(fixture()), [
      ...person('U1', 'ada', { memberOf: ['~T1'] }),
      ...person('U2', 'ben'),
      { fact: 'group', id: '~T1', name: 'builders', memberOf: ['~RR1'] },
      { fact: 'role', id: '~RR1', name: 'app/write' },
      { fact: 'resource', id: '~O1', name: 'example', kind: 'GH_Organization' },
      {
        fact: 'resource',
        id: '~R1',
        name: 'app',
        kind: 'GH_Repository',
        in: '~O1',
        runsAs: ['~role/deploy'],
        uses: ['~S1'],
      },
      { fact: 'resource', id: '~B1', name: 'app\\main', kind: 'GH_Branch', deploysTo: ['~R1'] },
      { fact: 'secret', id: '~S1', kind: 'other', name: 'DEPLOY_KEY' },
      { fact: 'secret', id: '~P1', kind: 'api_token', name: 'ci', opens: ['~U2'], expiresAt: '2026-05-01T00:00:00Z' },
      {
        fact: 'secret',
        id: '~A1',
        kind: 'api_token',
        name: '1',
        opens: ['~U2'],
        leaked: { by: 'secret scanning', at: '2026-03-14T04:46:37Z' },
      },
      { fact: 'account', id: '~I1', kind: 'workload', name: 'bot' },
      { fact: 'resource', id: '~x:1', name: 'arm', kind: 'XX_Robot' },
      { fact: 'account', id: '~role/deploy', kind: 'workload' },
      { fact: 'account', id: '~Okta_User/login=ada@example.test', kind: 'human', name: 'ada@example.test' },
      right('RR1', 'B1', 'change_code', 'GH_CanWriteBranch'),
      right('RR1', 'R1', 'change_code', 'GH_CanCreateBranch'),
      right('RR1', 'A1', 'use_secrets', 'GH_CanReadSecretScanningAlert'),
      right('I1', 'R1', 'change_code', 'GH_CanAccess'),
      right('Okta_User/login=ada@example.test', 'U1', 'impersonate', 'GH_SyncedTo'),
      // oxlint-disable-next-line unicorn/no-thenable -- the field of a rule fact
      { fact: 'rule', id: '~edge/XX_Drives/U1/x:1', then: '~x:1', when: '~U1', reason: 'XX_Drives' },
    ])
  })

  test('every stray from the format, and every edge that is not followed, is reported', () => {
    assert.deepEqual(reportsOf(fixture()), [
      'metadata_stray /metadata: `source_kind` does not belong in the metadata (1)',
      'metadata_stray /metadata: `collector` does not belong in the metadata (1)',
      'property_forbidden /graph/nodes/1: nodes carry the forbidden property `objectid` (1)',
      'id_with_colon /graph/nodes/11: node ids hold a colon, which BloodHound cannot search for (1)',
      'node_kind_unknown /graph/nodes/11: nodes of kind `XX_Robot`, which Ambit does not know, are taken as resource (1)',
      'node_elsewhere /graph/edges/12/end: ends of edges, of kind `AZServicePrincipal`, are not in this file; nothing more is known of them (1)',
      'node_elsewhere /graph/edges/13/start: ends of edges, of kind `Okta_User`, are not in this file; nothing more is known of them (1)',
      'edge_repeated /graph/edges/15: edges repeat an earlier one; each is taken once (1)',
      'edge_to_itself /graph/edges/16: edges lead from a node to itself; they give nothing (1)',
      'node_elsewhere /graph/edges/19/start: ends of edges, of no stated kind, are not in this file; nothing more is known of them (1)',
      'edge_kind_unknown /graph/edges/17: edges of kind `XX_Drives`, which Ambit does not know, are followed, for the file says that it can be traversed (1)',
      'edge_kind_unknown /graph/edges/18: edges of kind `XX_Sees`, which Ambit does not know, are not followed (1)',
      'edge_misfit /graph/edges/20: edges of kind `GH_HasRole` between GH_PersonalAccessToken and GH_RepoRole say nothing that Ambit counts (1)',
      'edges_without_reach /graph/edges: edges of these kinds give nothing that Ambit counts: GH_AddLabel (1), GH_HasEnvironment (1)',
    ])
  })

  test('a node without an id is refused with its place', () => {
    const page = fixture()
    delete page.graph.nodes[3].id
    const { facts, diagnostics } = run(page)
    assert.deepEqual(facts, [])
    assert.deepEqual(
      diagnostics.map(({ code, place }) => [code, place?.pointer]),
      [['import_record_invalid', '/graph/nodes/3']],
    )
  })

  test('a byte order mark does not matter', async () => {
    const bytes = new TextEncoder().encode(`\u{feff}${readFileSync(FIXTURE, 'utf8')}`)
    const { facts, sources } = await readInventory([{ name: 'graph.json', bytes }], () => [opengraph])
    assert.deepEqual(sources, [{ file: 'graph.json', importer: 'opengraph', facts: facts.length }])
    assert.equal(facts.length, run(fixture()).facts.length)
  })

  const node = (id: string, ...kinds: string[]) => ({ id, kinds })
  const edge = (kind: string, start: string, end: string, startKind?: string, endKind?: string) => ({
    kind,
    start: { value: start, ...(startKind === undefined ? {} : { kind: startKind }) },
    end: { value: end, ...(endKind === undefined ? {} : { kind: endKind }) },
  })
  const graph = (nodes: unknown[], edges: unknown[]) => ({ graph: { nodes, edges } })

  test('what one file refers to and another declares is one thing', () => {
    const own = graph([{ ...node('sp', 'AZServicePrincipal'), properties: { name: 'sync' } }], [])
    const other = graph([node('ann', 'AZUser')], [edge('AZCreateTAP', 'sp', 'ann', 'AZServicePrincipal')])
    for (const order of [
      [own, other],
      [other, own],
    ]) {
      const facts = order.flatMap((root) => run(root).facts)
      const { diagnostics, byKind } = checkInventory({ sources: [], facts, diagnostics: [] })
      assert.deepEqual(
        diagnostics.filter(({ level }) => level === 'error'),
        [],
      )
      assert.deepEqual(byKind.account.map(({ fact }) => [fact.id, fact.name]).toSorted(), [
        ['opengraph:ann', undefined],
        ['opengraph:sp', 'sync'],
      ])
    }
  })

  test('a membership of a node that another file declares is a rule', () => {
    const facts = factsOf(graph([node('g', 'AZGroup')], [edge('AZMemberOf', 'u', 'g', 'AZUser')]))
    assert.deepEqual(facts, [
      { fact: 'group', id: '~g' },
      { fact: 'account', id: '~u', kind: 'human' },
      // oxlint-disable-next-line unicorn/no-thenable -- the field of a rule fact
      { fact: 'rule', id: '~edge/AZMemberOf/u/g', then: '~g', when: '~u', reason: 'AZMemberOf' },
    ])
  })

  test('resetting a password is not resetting every factor', () => {
    const kinds = (kind: string) => {
      const facts = factsOf(graph([node('h', 'Okta_User'), node('t', 'Okta_User')], [edge(kind, 'h', 't')]))
      return facts.flatMap((fact) => (fact.fact === 'entitlement' ? [fact.resets] : []))
    }
    assert.deepEqual(kinds('Okta_ResetPassword'), [['password', 'unknown']])
    assert.deepEqual(kinds('Okta_HelpDeskAdmin'), [undefined])
    assert.equal(kinds('Okta_ResetFactors')[0]?.includes('password'), false)
  })

  test('accounts in a container are in the scope of rights over it', () => {
    const facts = factsOf(
      graph(
        [node('d', 'Domain'), node('ou', 'OU'), node('u', 'User'), node('a', 'Group')],
        [edge('Contains', 'd', 'ou'), edge('Contains', 'ou', 'u'), edge('DCSync', 'a', 'd')],
      ),
    )
    const members = facts.flatMap((fact) => ('memberOf' in fact ? [[fact.id, fact.memberOf]] : []))
    assert.deepEqual(members, [
      ['~ou', ['~d']],
      ['~u', ['~ou']],
    ])
    assert.deepEqual(
      facts.filter(({ fact }) => fact === 'entitlement'),
      [right('a', 'd', 'impersonate', 'DCSync')],
    )
  })

  test('containers that contain each other are told apart from nesting', () => {
    const page = graph(
      [node('a', 'GH_Repository'), node('b', 'GH_Repository')],
      [edge('GH_Owns', 'a', 'b'), edge('GH_Owns', 'b', 'a')],
    )
    const resources = factsOf(page).map((fact) => fact.fact === 'resource' && fact.in)
    assert.deepEqual(resources, [undefined, '~a'])
    assert.match(reportsOf(page).join('\n'), /edge_misfit \/graph\/edges\/1/u)
  })
})

suite('OpenGraph payloads of others', { skip: !existsSync(`${SHARED}/data/githound-opengraph`) }, () => {
  const read = (path: string) => run(JSON.parse(readFileSync(`${SHARED}/data/${path}`, 'utf8')))
  const counts = ({ facts }: ReturnType<typeof read>) => {
    const found: Partial<Record<Fact['fact'], number>> = {}
    for (const { fact } of facts) found[fact.fact] = (found[fact.fact] ?? 0) + 1
    return found
  }
  const codes = ({ diagnostics }: ReturnType<typeof read>) =>
    diagnostics
      .filter(({ code }) => code !== 'edges_without_reach' && code !== 'edge_misfit')
      .map(({ code, message }) => `${code} ${/\((\d+)\)$/u.exec(message)?.[1]}`)

  test('an organisation on GitHub', () => {
    const result = read('githound-opengraph/githound_O_kgDOCoV2OQ.json')
    // 338 nodes: 13 people, 8 apps and installations, 8 teams, 172 roles, 18 secrets, 119 things
    assert.deepEqual(counts(result), {
      account: 21,
      authenticator: 13,
      wayIn: 13,
      group: 8,
      role: 172,
      resource: 119,
      secret: 18,
      entitlement: 552,
    })
    assert.deepEqual(codes(result), ['edge_to_itself 5', 'node_elsewhere 2'])
    const links = result.facts.reduce(
      (sum, { fact }) => sum + ('memberOf' in fact ? (fact.memberOf?.length ?? 0) : 0),
      0,
    )
    assert.equal(links, 263) // of 268 edges of membership, 5 lead from a role to itself
  })

  test('its identities at Okta', () => {
    const result = read('githound-opengraph/githound_saml_O_kgDOCoV2OQ.json')
    assert.deepEqual(counts(result), { resource: 1, account: 2, authenticator: 1, wayIn: 1, entitlement: 1 })
    assert.deepEqual(codes(result), ['node_elsewhere 2', 'node_elsewhere 1'])
  })

  test('an Entra tenant whose 823 edges all start at nodes of another collector', () => {
    const result = read('entra-auth-policy-opengraph/AuthenticationPolicyData_Sample.json')
    // 117 users and the policy; one service principal, one group, one tenant and three roles from elsewhere
    assert.deepEqual(counts(result), {
      resource: 1,
      account: 118,
      authenticator: 117,
      wayIn: 117,
      group: 2,
      role: 3,
      entitlement: 355, // 351 pairs of holder and user, 3 of holder and policy, 1 of principal and tenant
    })
    assert.deepEqual(codes(result), [
      'node_elsewhere 1',
      'node_elsewhere 1',
      'node_elsewhere 1',
      'edge_repeated 117',
      'node_elsewhere 3',
    ])
    const policy = result.facts.find(({ fact }) => fact.fact === 'resource')?.fact
    assert.equal(policy?.fact === 'resource' && policy.governs?.length, 117)
  })

  test('the three together have no contradiction', () => {
    const facts = [
      'githound-opengraph/githound_O_kgDOCoV2OQ.json',
      'githound-opengraph/githound_saml_O_kgDOCoV2OQ.json',
      'entra-auth-policy-opengraph/AuthenticationPolicyData_Sample.json',
    ].flatMap((path) => read(path).facts)
    const { diagnostics } = checkInventory({ sources: [], facts, diagnostics: [] })
    assert.deepEqual(
      diagnostics.map(({ code }) => code),
      ['time_unstated'],
    )
  })
})
