/**
 * What has happened to users and keys. Secrets stand in them as hashes only: who reads the stream can sign in as nobody.
 */
import type { Action, Role } from "./actions.ts"

/** What somebody may see and do beside their roles; see `may.ts`. */
export interface Bounds {
  readonly tenant?: string
  readonly channels?: ReadonlyArray<string>
  readonly actions?: ReadonlyArray<Action>
}

interface Done {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Who did it. */
  readonly by: string
}

export type AccessEvent = Done &
  (
    | ({
        readonly type: "user-added"
        readonly user: string
        readonly roles: ReadonlyArray<Role>
        readonly passwordHash: string
      } & Bounds)
    | ({ readonly type: "user-changed"; readonly user: string; readonly roles: ReadonlyArray<Role> } & Bounds)
    | { readonly type: "user-removed"; readonly user: string }
    /** By an administrator (`isOneTime`), or by its owner. Ends every session of the user. */
    | {
        readonly type: "password-set"
        readonly user: string
        readonly passwordHash: string
        readonly isOneTime: boolean
      }
    | { readonly type: "sessions-ended"; readonly user: string }
    | ({
        readonly type: "key-added"
        readonly key: string
        readonly name: string
        readonly roles: ReadonlyArray<Role>
        readonly secretHash: string
        /** Milliseconds since the epoch; absent: never. */
        readonly expiresAt?: number
      } & Bounds)
    /** The secret before it is good until `formerUntil`, so that a program can be given the new one while it runs. */
    | { readonly type: "key-rotated"; readonly key: string; readonly secretHash: string; readonly formerUntil: number }
    | { readonly type: "key-revoked"; readonly key: string }
  )
