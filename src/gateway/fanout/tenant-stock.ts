/**
 * `stock.*` as a tenant's socket follows it: all of the tenant's own SKUs, those there are and those to come.
 *
 * The topic that everybody follows has everybody's changes in it, so such a socket hangs on the topics of its own SKUs.
 */
import { isStockEvent } from "../../../actors/sku/events.ts"
import { SOCKET_TOPICS_MAX } from "../../../config/limits.ts"
import type { StoredCommit } from "../../../streams/codec.ts"
import { type MailTaker, submitView } from "../requests.ts"
import type { Fanout } from "./fanout.ts"
import type { Subscriber } from "./subscriber.ts"

interface Following {
  readonly below: string
  readonly refuse: () => void
}

export class TenantStock {
  private readonly host: MailTaker
  private readonly fanout: Fanout
  /** What the names begin with of each socket's tenant. */
  private readonly following = new Map<Subscriber, Following>()

  constructor(host: MailTaker, fanout: Fanout) {
    this.host = host
    this.fanout = fanout
  }

  /** `refuse`: there are more SKUs than a socket may follow, or the hub is stopping. */
  follow(subscriber: Subscriber, below: string, have: ReadonlyMap<string, number>, refuse: () => void): void {
    this.following.set(subscriber, { below, refuse })
    submitView(
      this.host,
      (book) => [...book.skus()].filter((sku) => sku.startsWith(below)),
      (outcome) => {
        if (!this.following.has(subscriber)) return
        if ("value" in outcome) {
          const more = outcome.value.filter((sku) => !subscriber.skus.has(sku))
          if (subscriber.topicCount + more.length <= SOCKET_TOPICS_MAX) {
            return this.fanout.subscribe(subscriber, outcome.value, false, have)
          }
        }
        this.following.delete(subscriber)
        refuse()
      }
    )
  }

  unfollow(subscriber: Subscriber): void {
    if (this.following.delete(subscriber)) this.fanout.unsubscribe(subscriber, [...subscriber.skus.keys()], false)
  }

  leave(subscriber: Subscriber): void {
    this.following.delete(subscriber)
  }

  /** A subscriber that would miss SKUs without knowing is told so, and keeps those that it has. */
  private overflow(subscriber: Subscriber): void {
    const { refuse } = this.following.get(subscriber) ?? {}
    this.following.delete(subscriber)
    refuse?.()
  }

  /** After the fan-out has had them: what is followed from here on is sent as it is now. */
  onCommits(commits: ReadonlyArray<StoredCommit>): void {
    if (this.following.size === 0) return
    for (const { records } of commits) {
      for (const record of records) {
        if (!isStockEvent(record) || record.version !== 1) continue
        for (const [subscriber, { below }] of this.following) {
          if (!record.sku.startsWith(below)) continue
          if (subscriber.topicCount >= SOCKET_TOPICS_MAX) this.overflow(subscriber)
          else this.fanout.subscribe(subscriber, [record.sku], false, new Map())
        }
      }
    }
  }
}
