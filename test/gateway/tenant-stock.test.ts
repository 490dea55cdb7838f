/**
 * Goal: a tenant's socket follows as many SKUs as any may and no more, and is told when there are others.
 * Method: the fan-out by itself, on a book of its own; the tenant's SKUs are there, or come one by one.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { SOCKET_TOPICS_MAX } from "../../config/limits.ts"
import { Fanout } from "../../src/gateway/fanout/fanout.ts"
import { TenantStock } from "../../src/gateway/fanout/tenant-stock.ts"
import type { MailTaker } from "../../src/gateway/requests.ts"
import type { StoredCommit } from "../../streams/codec.ts"

const skus = (count: number, from = 0): ReadonlyArray<string> =>
  Array.from({ length: count }, (_none, index) => `acme/${from + index}`)

const followed = (present: ReadonlyArray<string>) => {
  const host: MailTaker = {
    submit: (mail) => {
      if (mail.kind !== "view") return
      mail.view({ skus: () => present.values(), peek: () => undefined } as unknown as Parameters<typeof mail.view>[0])
      mail.reply(undefined)
    }
  }
  const fanout = new Fanout({ host, publish: () => undefined, nowMicros: () => 0 })
  const tenants = new TenantStock(host, fanout)
  const subscriber = fanout.join({
    send: () => undefined,
    unsentBytes: () => 0,
    follow: () => undefined,
    unfollow: () => undefined
  })
  const told = { refusals: 0 }
  tenants.follow(subscriber, "acme/", new Map(), () => told.refusals++)
  const come = (sku: string) =>
    tenants.onCommits([{ records: [{ type: "received", sku, version: 1 }] } as unknown as StoredCommit])
  return { come, subscriber, told, again: () => tenants.follow(subscriber, "acme/", new Map(), () => told.refusals++) }
}

describe("a tenant's socket", () => {
  it("follows all that are there up to the bound, asked once or twice, and nothing when there are more", () => {
    const full = followed(skus(SOCKET_TOPICS_MAX))
    full.again()
    assert.deepEqual([full.subscriber.topicCount, full.told.refusals], [SOCKET_TOPICS_MAX, 0])
    const over = followed(skus(SOCKET_TOPICS_MAX + 1))
    assert.deepEqual([over.subscriber.topicCount, over.told.refusals], [0, 1])
  })

  it("follows those to come up to the bound, and is told once that it follows no more", () => {
    const { come, subscriber, told } = followed(skus(SOCKET_TOPICS_MAX - 1))
    for (const sku of ["zeta/1", "acme/new-1", "acme/new-2", "acme/new-3"]) come(sku)
    assert.deepEqual([subscriber.topicCount, told.refusals], [SOCKET_TOPICS_MAX, 1])
  })
})
