/** Every table, by the migration that makes it. A table's rows are described beside the code that owns them. */
import type { AuditTables } from './audit-blocks.ts'
import type { AuthnTables } from './authn-tables.ts'
import type { ClientSessionTables } from './client-sessions.ts'
import type { ChangeTables } from './changes.ts'
import type { DeviceTables } from './devices.ts'
import type { MetadataTables } from './metadata-numbers.ts'
import type { OidcTables } from './oidc-records.ts'
import type { DeliveryTables } from './deliveries.ts'
import type { EventTables } from './events.ts'
import type { GateTables } from './gate.ts'
import type { ProviderKeyTables } from './provider-keys.ts'
import type { RecoveryTables } from './recoveries.ts'
import type { ReceivedTables } from './received-signals.ts'
import type { RevocationTables } from './revocations.ts'
import type { SsfTables } from './ssf-streams.ts'
import type { RiskTables } from './risk.ts'
import type { OutboxTables } from './outbox.ts'
import type { PushTables } from './pushes.ts'
import type { SignInTables } from './sign-ins.ts'
import type { SnapshotTables } from './snapshots.ts'
import type { ExceptionTables } from './exceptions.ts'
import type { TellingTables } from './tellings.ts'
import type { TokenTables } from './tokens.ts'
import type { UpstreamTables } from './upstream-sessions.ts'

export interface Tables
  extends
    OidcTables,
    ProviderKeyTables,
    DeviceTables,
    RiskTables,
    SsfTables,
    ReceivedTables,
    RevocationTables,
    RecoveryTables,
    OutboxTables,
    PushTables,
    SignInTables,
    TellingTables,
    ChangeTables,
    AuditTables,
    AuthnTables,
    MetadataTables,
    TokenTables,
    SnapshotTables,
    EventTables,
    ExceptionTables,
    DeliveryTables,
    UpstreamTables,
    ClientSessionTables,
    GateTables {}
