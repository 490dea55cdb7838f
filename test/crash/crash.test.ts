/**
 * Goal: what was acknowledged survives a kill -9 of any process, exactly once.
 * Method: real processes under load, each killed once; `holdfast crash-test` (and `--carts`) does many more rounds.
 */
import { assert, it } from "vitest"
import { cartCrashTest } from "../../scripts/crash-test/carts.ts"
import { crashTest } from "../../scripts/crash-test/crash-test.ts"

it("everything acknowledged survives a kill -9 of the hub, NATS, Redis and PostgreSQL", async () => {
  const wrong: Array<string> = []
  await crashTest(4, (report) => wrong.push(...report.wrong.map((one) => `${report.victim}: ${one}`)))
  assert.deepEqual(wrong, [])
}, 180_000)

it("carts, payments and messages survive a kill -9 of the hub, NATS and PostgreSQL: nothing lost, nothing twice", async () => {
  const { figures, wrong } = await cartCrashTest(3, () => undefined)
  assert.deepEqual(wrong, [])
  assert.isAbove(figures.messages, 10)
  assert.isAbove(figures.orders, 10)
}, 180_000)
