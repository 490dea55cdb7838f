/**
 * What can be asked of users and keys. Hashes, ids and times come in: deciding makes none.
 */
import type { Role } from "./actions.ts"
import type { Bounds } from "./events.ts"

interface Asked {
  readonly at: number
  readonly by: string
}

export type AccessCommand = Asked &
  (
    | ({
        readonly type: "add-user"
        readonly user: string
        readonly roles: ReadonlyArray<Role>
        readonly passwordHash: string
      } & Bounds)
    | ({ readonly type: "change-user"; readonly user: string; readonly roles: ReadonlyArray<Role> } & Bounds)
    | { readonly type: "remove-user"; readonly user: string }
    | {
        readonly type: "set-password"
        readonly user: string
        readonly passwordHash: string
        readonly isOneTime: boolean
      }
    | { readonly type: "end-sessions"; readonly user: string }
    | ({
        readonly type: "add-key"
        readonly key: string
        readonly name: string
        readonly roles: ReadonlyArray<Role>
        readonly secretHash: string
        readonly expiresAt?: number
      } & Bounds)
    | {
        readonly type: "rotate-key"
        readonly key: string
        readonly secretHash: string
        /** Milliseconds for which the former secret stays good. */
        readonly overlapMs: number
      }
    | { readonly type: "revoke-key"; readonly key: string }
  )
