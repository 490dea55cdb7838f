/**
 * What can be asked of users and keys. Hashes, ids and times come in: deciding makes none.
 */
import type { Stamp } from "./events.ts"
import type { Grants } from "./may.ts"

export type AccessCommand = Stamp &
  (
    | ({ readonly type: "add-user"; readonly user: string; readonly passwordHash: string } & Grants)
    | ({ readonly type: "change-user"; readonly user: string } & Grants)
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
        readonly secretHash: string
        /** Milliseconds since the epoch; absent: never. */
        readonly expiresAt?: number
      } & Grants)
    | {
        readonly type: "rotate-key"
        readonly key: string
        readonly secretHash: string
        /** Milliseconds for which the former secret stays good. */
        readonly overlapMs: number
      }
    | { readonly type: "revoke-key"; readonly key: string }
  )
