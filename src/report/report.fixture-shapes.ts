/** The tables behind `report.fixture.ts`: names, sorts of accounts, and the findings that go with them. */
import type { Account, Finding } from '#contract/report.ts'
import type { Impact, Strength } from '#contract/vocabulary.ts'

/** Names that a rendering must not obey. */
export const HOSTILE_NAMES = [
  '</script><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '=HYPERLINK("http://evil.example","click")',
  "  +cmd|' /C calc'!A0",
  '＝SUM(A1:A9)',
  '-2+3+cmd',
  '@SUM(1)',
  '"\t=1+1',
  '\u001b[31mred\u001b[0m \u001b]0;title\u0007',
  'abc\u202egpj.exe',
  'line\nbreak\rcarriage',
  'a,b;c"d\'e',
  '\u2028separator\u2029',
  '${process.exit()} {{7*7}} %s',
  ' ',
] as const

export const PEOPLE = [
  'Dana Reyes',
  'Oleh Kovalenko',
  'Zoë Núñez',
  '山田 太郎',
  'Priya Raghunathan',
  'Łukasz Żółć',
  'محمد الأمين',
  'Ada Obi',
  'Søren Åkesson',
  'Mei-Ling Wu',
  'Tomás Ó Briain',
  'Noa Levi',
  'Ivan Petrov',
  'Grace Kim 🦉',
  'Dana Reyes',
  'Fatou Diop',
] as const
export const TEAMS = [
  'payroll-admins',
  'cloud-operators',
  'helpdesk',
  'release-engineers',
  'support',
  'treasury',
] as const

export const NIST = (section: string) => ({ standard: 'NIST SP 800-63B-4', section })
const OWASP = (section: string) => ({ standard: 'OWASP NHI Top 10', section })
export const CSF = (section: string) => ({ standard: 'NIST CSF 2.0', section })

export interface Archetype {
  readonly impact: Impact
  readonly uncertain?: boolean
  readonly nominal: Strength | null
  readonly effective: Strength | null
  readonly required: Strength
  readonly verdict: Account['verdict']
  readonly capabilities: readonly (readonly [string, Impact, number])[]
  readonly findings: readonly Shape[]
}
export interface Shape {
  readonly code: string
  readonly severity: Finding['severity']
  readonly say: (who: string) => string
  readonly remedy: readonly string[]
  readonly citations: Finding['citations']
  readonly exception?: string
  readonly reach?: boolean
  readonly entry?: boolean
}

const CODE_FINDING: Shape = {
  code: 'code_beyond_reach',
  severity: 'critical',
  say: (who) => `${who} can be entered by an SMS code and can approve payments; a one-time code is refused for that`,
  remedy: [
    'replace the SMS code with a passkey or security key',
    'or remove `payroll-admins` from the account: last used 214 days ago',
  ],
  citations: [NIST('3.1.3.3'), CSF('PR.AA-03')],
  reach: true,
  entry: true,
}
const RECOVERY_FINDING: Shape = {
  code: 'recovery_weaker_than_sign_in',
  severity: 'high',
  say: (who) => `recovery of ${who} asks only for a code to a mailbox, while its sign-in asks for a security key`,
  remedy: [
    'ask for two recovery factors, or repeat identity proofing',
    'send notice of every recovery to all addresses',
  ],
  citations: [NIST('4.2.2.2'), CSF('PR.AA-03')],
  entry: true,
}
const OUTRANKS: Shape = {
  code: 'assurance_inversion',
  severity: 'medium',
  say: (who) => `${who} outranks the help desk that can reset its authenticators`,
  remedy: ['take the account out of the scope of the help desk, or ask of the help desk what this account asks'],
  citations: [NIST('4.2'), CSF('PR.AA-05')],
  reach: true,
}
export const ARCHETYPES: readonly Archetype[] = [
  {
    impact: 'high',
    nominal: 'two_factor',
    effective: 'single_factor',
    required: 'phishing_resistant',
    verdict: 'unfit',
    capabilities: [
      ['approve_payments', 'high', 3],
      ['read_sensitive_data', 'moderate', 2],
    ],
    findings: [CODE_FINDING],
  },
  {
    impact: 'high',
    nominal: 'hardware',
    effective: 'none',
    required: 'hardware',
    verdict: 'unfit',
    capabilities: [
      ['administer', 'high', 1],
      ['mint_credentials', 'high', 2],
      ['use_secrets', 'high', 2],
    ],
    findings: [RECOVERY_FINDING, OUTRANKS],
  },
  {
    impact: 'moderate',
    nominal: 'two_factor',
    effective: 'two_factor',
    required: 'two_factor',
    verdict: 'fit',
    capabilities: [['read_sensitive_data', 'moderate', 2]],
    findings: [],
  },
  {
    impact: 'low',
    nominal: 'two_factor',
    effective: 'two_factor',
    required: 'single_factor',
    verdict: 'fit',
    capabilities: [],
    findings: [],
  },
  {
    impact: 'moderate',
    uncertain: true,
    nominal: 'two_factor',
    effective: null,
    required: 'phishing_resistant',
    verdict: 'unknown',
    capabilities: [['change_code', 'moderate', 1]],
    findings: [
      {
        code: 'unknown_authenticators',
        severity: 'medium',
        say: (who) => `an authenticator of ${who} is of unknown kind, so nothing can be said of its strength`,
        remedy: ['state the kind of the authenticator in the inventory'],
        citations: [CSF('PR.AA-03')],
      },
    ],
  },
  {
    impact: 'none',
    nominal: 'single_factor',
    effective: 'single_factor',
    required: 'none',
    verdict: 'fit',
    capabilities: [],
    findings: [],
  },
  {
    impact: 'high',
    nominal: 'hardware',
    effective: 'hardware',
    required: 'phishing_resistant',
    verdict: 'fit',
    capabilities: [['alter_infrastructure', 'high', 2]],
    findings: [],
  },
  {
    impact: 'moderate',
    nominal: 'two_factor',
    effective: 'two_factor',
    required: 'phishing_resistant',
    verdict: 'excepted',
    capabilities: [['approve_business_action', 'moderate', 2]],
    findings: [
      {
        code: 'code_beyond_reach',
        severity: 'low',
        say: (who) => `${who} keeps a code under exception EX-7 until 2026-09-30`,
        remedy: ['move to a passkey before the exception ends'],
        citations: [NIST('3.1.3.3')],
        exception: 'ex:EX-7',
        entry: true,
      },
    ],
  },
  {
    impact: 'moderate',
    nominal: 'two_factor',
    effective: 'single_factor',
    required: 'two_factor',
    verdict: 'unfit',
    capabilities: [['use_secrets', 'moderate', 1]],
    findings: [{ ...RECOVERY_FINDING, severity: 'medium' }],
  },
  {
    impact: 'low',
    nominal: 'single_factor',
    effective: 'single_factor',
    required: 'single_factor',
    verdict: 'fit_with_controls',
    capabilities: [],
    findings: [],
  },
  {
    impact: 'high',
    nominal: 'phishing_resistant',
    effective: 'phishing_resistant',
    required: 'phishing_resistant',
    verdict: 'fit',
    capabilities: [['impersonate', 'high', 1]],
    findings: [
      {
        code: 'unused_entitlement',
        severity: 'info',
        say: (who) => `${who} has not used its right to act as others for 300 days`,
        remedy: ['remove the entitlement'],
        citations: [CSF('PR.AA-05')],
        reach: true,
      },
    ],
  },
]
export const MACHINE: readonly Shape[] = [
  {
    code: 'leaked_secret',
    severity: 'critical',
    say: (who) => `an access key of ${who} is in a build log; whoever reads it is in`,
    remedy: ['revoke the key now', 'use short-lived credentials from the build system'],
    citations: [OWASP('NHI2:2025')],
    entry: true,
    reach: true,
  },
  {
    code: 'long_lived_secret',
    severity: 'low',
    say: (who) => `a secret of ${who} is 611 days old and never expires`,
    remedy: ['rotate it, and set an end'],
    citations: [OWASP('NHI7:2025')],
  },
  {
    code: 'non_human_without_owner',
    severity: 'medium',
    say: (who) => `nobody answers for ${who}`,
    remedy: ['name an owner'],
    citations: [OWASP('NHI1:2025')],
  },
]
