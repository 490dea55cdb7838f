/**
 * What an adapter's check needs: the adapter, and a far side of its channel that keeps stock, sells and fails on demand.
 * A third party's module exports one as `bench` beside its default.
 */
import type { AdapterModule, Webhook } from "../../src/channels/adapter.ts"
import type { Marketplace } from "../marketplaces/marketplace.ts"

export interface AdapterBench {
  readonly module: AdapterModule
  /** Settings with which the adapter reaches the marketplace. */
  readonly settings: unknown
  readonly market: Marketplace
  /** The channel is told quantities; a till or an app that reads the hub is not. */
  readonly isTold: boolean
  /** `false` where only the sender is proved (a key, a token) and not the body; default `true`. */
  readonly isBodySigned?: boolean
  /** Identifiers as this channel has them: the n-th listing, the same each time. */
  readonly listingId: (index: number) => string
  /** Deliveries that the marketplace has made since the last call; empty where it is only polled. */
  readonly deliveries: () => ReadonlyArray<Webhook>
  /** A delivery of this body as the channel would sign it; absent where nothing is delivered. */
  readonly sign?: (body: Uint8Array, atMs: number) => Webhook
  /** Milliseconds since the epoch, as the marketplace and the adapter see it. */
  readonly nowMs: () => number
}

/** A fresh one for each check. */
export type StartBench = () => Promise<AdapterBench>
