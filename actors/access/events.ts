/**
 * What has happened to users and keys. Secrets stand in them as hashes only: who reads the stream can sign in as nobody.
 */
import type { Grants } from "./may.ts"

/** On every command and event. */
export interface Stamp {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Who does it. */
  readonly by: string
}

export type Unstamped<T> = T extends Stamp ? Omit<T, keyof Stamp> : never

export type AccessEvent = Stamp &
  (
    | ({ readonly type: "user-added"; readonly user: string; readonly passwordHash: string } & Grants)
    | ({ readonly type: "user-changed"; readonly user: string } & Grants)
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
        readonly secretHash: string
        /** Milliseconds since the epoch; absent: never. */
        readonly expiresAt?: number
      } & Grants)
    /** The secret before it is good until `formerUntil`, so that a program can be given the new one while it runs. */
    | { readonly type: "key-rotated"; readonly key: string; readonly secretHash: string; readonly formerUntil: number }
    | { readonly type: "key-revoked"; readonly key: string }
  )
