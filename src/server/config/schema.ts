/**
 * The server's configuration as it is written. `docs/schema/config.schema.json` and the reference in docs/server.md are
 * generated from it. A key with a default may be left out; the defaults are what is safe.
 */
import { Type, type Static } from 'typebox'
import { PEOPLE } from './people.ts'
import { DECISION_SETTINGS } from '#decision/settings.ts'
import { Closed, text, whole, words } from './fields.ts'
import { GATE, ISSUERS } from './gate.ts'
import { SIGNALS } from './signals.ts'

/** Gigabyte, as disks count. */
const GB = 1_000_000_000

const Listen = Type.Object(
  {
    host: text('address to listen on; others than loopback need `tls` or `proxies`', { default: '127.0.0.1' }),
    port: whole(0, 65_535, 8181, 'TCP port; 0 takes any that is free'),
  },
  { ...Closed, default: {}, description: 'where the server listens' },
)

const Tls = Type.Object(
  {
    certificate: text('path of the certificate chain, PEM'),
    key: text('path of the private key, PEM'),
  },
  { ...Closed, description: 'TLS 1.2 or newer, by the server itself; the files are read again on SIGHUP' },
)

const Inventory = Type.Object(
  {
    folder: Type.Optional(text('folder whose inventories and exports are taken whenever they change')),
    settleMs: whole(0, 600_000, 1000, 'milliseconds for which the folder must be at rest before it is read'),
    pollSeconds: whole(1, 3600, 5, 'seconds between two looks at the folder, beside what the system tells of it'),
    maxBytes: whole(1000, 100 * GB, GB, 'largest inventory taken at once, in bytes as sent'),
    maxLoss: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.5,
      description:
        'share of the accounts that a whole inventory may leave out; one that leaves out more is refused, until it is sent with `?maxLoss=1`',
    }),
    keep: whole(1, 1000, 5, 'snapshots kept, the current one among them'),
  },
  { ...Closed, default: {}, description: 'how inventories come in' },
)

const Limits = Type.Object(
  {
    bodyBytes: whole(1000, 100_000_000, 1_048_576, 'largest body of a request, in bytes; inventories have their own'),
    headerBytes: whole(1024, 1_048_576, 16_384, 'largest head of a request, in bytes'),
    headerSeconds: whole(1, 3600, 10, 'seconds in which the head of a request must have come'),
    requestSeconds: whole(1, 3600, 30, 'seconds in which a whole request must have come; inventories have their own'),
    inventorySeconds: whole(1, 86_400, 600, 'seconds in which a whole inventory must have come'),
    idleSeconds: whole(1, 3600, 60, 'seconds for which an idle connection is kept'),
    connections: whole(1, 1_000_000, 10_000, 'connections at once'),
    inFlight: whole(1, 1_000_000, 2000, 'requests at once; more are answered 503 with Retry-After'),
    loopDelayMs: whole(
      10,
      60_000,
      500,
      'milliseconds of delay of the event loop from which on requests are answered 503',
    ),
    drainSeconds: whole(0, 3600, 20, 'seconds that requests in flight have to finish when the server is told to stop'),
  },
  { ...Closed, default: {}, description: 'what a client may take of the server' },
)

const Metrics = Type.Object(
  {
    access: words(['token', 'loopback'], {
      default: 'token',
      description: 'who may read `/metrics`: a token with the scope `read`, or whoever asks from this machine',
    }),
  },
  { ...Closed, default: {}, description: 'Prometheus metrics at `/metrics`' },
)

const Log = Type.Object(
  {
    level: words(['debug', 'info', 'warn', 'error', 'silent'], {
      default: 'info',
      description: 'least level that is written',
    }),
  },
  { ...Closed, default: {}, description: 'structured logs, one JSON object a line, on standard error' },
)

const Tracing = Type.Object(
  {
    endpoint: text('URL that takes OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces', {
      pattern: '^https?://.+',
    }),
    ratio: Type.Number({ minimum: 0, maximum: 1, default: 0.01, description: 'share of the requests that are traced' }),
  },
  { ...Closed, description: 'OpenTelemetry traces; nothing is loaded or sent without this' },
)

const Webhook = Type.Object(
  {
    name: text('what the deliveries are called in logs; the deliveries of one name keep their order', {
      pattern: '^[a-z0-9][a-z0-9-]{0,63}$',
    }),
    url: text('where events are sent; plain http only within `networks`', { pattern: '^https?://[^\\s]+$' }),
    secret: text('24 to 64 random bytes in base64, with or without `whsec_` before them; signs what is sent', {
      pattern: '^(whsec_)?[A-Za-z0-9+/]{32,88}={0,2}$',
    }),
  },
  { ...Closed },
)

const Webhooks = Type.Object(
  {
    to: Type.Array(Webhook, { default: [], description: 'receivers' }),
    networks: Type.Array(text('CIDR'), {
      default: [],
      description: 'private networks that receivers may be in; all others are refused',
    }),
    tries: whole(1, 100, 12, 'times a delivery is tried, with longer and longer waits between'),
  },
  { ...Closed, default: {}, description: 'events sent to others, signed as Standard Webhooks 1.0 says' },
)

const Audit = Type.Object(
  {
    node: Type.Optional(
      text('name of this node; each writes a chain of its own. The name of the machine where absent'),
    ),
    keyFile: Type.Optional(
      text('file with the keys of the audit log, made where it is not there; without it they lie in the store'),
    ),
    masks: Type.Array(text('JSON Pointer', { pattern: '^(/([^~]|~[01])*)+$' }), {
      default: [],
      description:
        'values that are replaced by keyed hashes before they are logged, as JSON Pointers into a record; `*` is any one step',
    }),
    anchors: Type.Array(text('path or URL'), {
      default: [],
      description:
        'where signed checkpoints go: files that lines are added to, or URLs under which each is PUT as an object of its own',
    }),
    anchorToken: Type.Optional(text('bearer token for anchors that are URLs')),
    checkpointRecords: whole(1, 1_000_000, 1000, 'records after which a checkpoint is made'),
    checkpointSeconds: whole(1, 86_400, 60, 'seconds after which a checkpoint is made where there are new records'),
    keepDays: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 36_500,
        description: 'days after which the bodies of records are taken; what stays verifies. For ever where absent',
      }),
    ),
  },
  { ...Closed, default: {}, description: 'the audit log' },
)

const Shadow = Type.Object(
  {
    policy: Type.Optional(text('policy file to try instead of `policy`')),
    accessPolicies: Type.Optional(
      Type.Array(text('path of a file'), { description: 'policies of access to try instead of `accessPolicies`' }),
    ),
    inventory: Type.Optional(
      Type.Array(text('path'), {
        minItems: 1,
        description: 'files and folders of facts to try instead of those in use',
      }),
    ),
  },
  { ...Closed, description: 'what is tried beside what decides; `GET /v1/shadow` has what would have been otherwise' },
)

/** A section or key each; a new one is one line here. */
export const CONFIG = Type.Object(
  {
    store: text('path of an SQLite file, or `postgres://…`', { default: 'ambit.db' }),
    policy: text('policy file, or `default` for the built-in one', { default: 'default' }),
    accessPolicies: Type.Array(text('path of a file'), {
      default: [],
      description: 'policies of access, which add demands of your own for single actions and things',
    }),
    decisions: Type.Optional(DECISION_SETTINGS),
    shadow: Type.Optional(Shadow),
    publicUrl: Type.Optional(
      text('URL under which clients know this server, without a path', { pattern: '^https?://[^/?#\\s]+$' }),
    ),
    listen: Listen,
    tls: Type.Optional(Tls),
    proxies: Type.Array(text('CIDR or address'), {
      default: [],
      description: 'proxies whose `X-Forwarded-*` headers are believed, as CIDR or address; nobody else is',
    }),
    inventory: Inventory,
    limits: Limits,
    metrics: Metrics,
    log: Log,
    tracing: Type.Optional(Tracing),
    webhooks: Webhooks,
    audit: Audit,
    issuers: ISSUERS,
    gate: GATE,
    signals: SIGNALS,
    people: Type.Optional(PEOPLE),
  },
  Closed,
)

/** A configuration with every default filled in. */
export type Config = Static<typeof CONFIG>
