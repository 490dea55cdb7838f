/**
 * Goal: every built-in adapter keeps the rules of the port, and the kit that says so notices when one does not.
 * Method: the conformance kit that third parties run, against each of them, and against one spoiled on purpose.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import type { StartBench } from "../../scripts/adapter-check/bench.ts"
import { benches } from "../../scripts/adapter-check/benches/built-in.ts"
import { shopifyBench } from "../../scripts/adapter-check/benches/shopify.ts"
import { checks } from "../../scripts/adapter-check/kit.ts"
import { ACCESS_TOKEN } from "../../scripts/marketplaces/shopify/marketplace.ts"
import type { Adapter, AdapterContext } from "../../src/channels/adapter.ts"

for (const [kind, start] of Object.entries(benches)) {
  describe.concurrent(`the ${kind} adapter`, () => {
    for (const { name, run } of checks) it(name, () => run(start), 60_000)
  })
}

describe.concurrent("the template for an adapter of one's own", () => {
  for (const { name, run } of checks) {
    it(
      name,
      async () => {
        const path: string = "../../examples/corner-shop.mjs"
        const { bench } = (await import(path)) as { readonly bench: StartBench }
        await run(bench)
      },
      60_000
    )
  }
})

/** Ways to break a rule, each over the adapter that keeps them all. */
const broken: Readonly<Record<string, (adapter: Adapter) => Partial<Adapter>>> = {
  "believes every signature": (adapter) => ({
    receive: async (webhook, signal) => {
      const received = await adapter.receive?.(webhook, signal)
      return received?.type === "refused" ? { type: "events", events: [] } : (received ?? { type: "ignored", why: "" })
    }
  }),
  "gives its events new ids each time": (adapter) => ({
    receive: async (webhook, signal) => {
      const received = await adapter.receive?.(webhook, signal)
      if (received?.type !== "events") return received ?? { type: "ignored", why: "" }
      return { ...received, events: received.events.map((event) => ({ ...event, id: `${event.id}${Math.random()}` })) }
    }
  }),
  "answers before the channel did": (adapter) => ({
    push: async (writes, signal) => {
      void adapter.push(writes, signal)
      return { ok: true, value: writes.map(() => ({ type: "applied" })) }
    }
  }),
  "throws what it does not understand": (adapter) => ({
    push: async (writes, signal) => {
      const result = await adapter.push(writes, signal)
      if (!result.ok) throw new Error(result.failure.message)
      return result
    }
  }),
  "leaves out a page": (adapter) => ({
    list: async (cursor, signal) => {
      const page = await adapter.list?.(cursor, signal)
      return page?.ok === true ? { ok: true, value: { items: page.value.items } } : (page ?? never)
    }
  }),
  "does not hear its signal": (adapter) => ({
    push: (writes) => adapter.push(writes, AbortSignal.timeout(3_000))
  }),
  "tells a secret": (adapter) => ({
    push: async (writes, signal) => {
      const result = await adapter.push(writes, signal)
      return result.ok ? result : { ok: false, failure: { kind: result.failure.kind, message: ACCESS_TOKEN } }
    }
  })
}

const never = { ok: false, failure: { kind: "unavailable", message: "" } } as const

describe.concurrent("the kit", () => {
  for (const [name, change] of Object.entries(broken)) {
    it(`notices an adapter that ${name}`, async () => {
      const start: StartBench = async () => {
        const bench = await shopifyBench()
        const make = (context: AdapterContext): Adapter => {
          const whole = bench.module.make(context)
          return Object.assign(Object.create(whole) as Adapter, change(whole))
        }
        return { ...bench, module: { kind: "broken", make } }
      }
      const outcomes = await Promise.allSettled(checks.map(({ run }) => run(start)))
      assert.ok(outcomes.some(({ status }) => status === "rejected"))
    }, 60_000)
  }
})
