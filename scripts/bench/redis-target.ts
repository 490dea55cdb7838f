/**
 * The peer that people reach for: one Lua script a command, pipelined by the client.
 *
 * The script does what a careful shop's does: idempotency key with a day to live, the check and the hold in one step.
 */
import { Redis } from "ioredis"
import type { Target } from "./target.ts"

const RESERVE = `
local known = redis.call('GET', KEYS[1])
if known then return known end
local lines = #KEYS - 2
for i = 1, lines do
  local stock = redis.call('HMGET', KEYS[i + 2], 'physical', 'allocated')
  if tonumber(stock[1]) - tonumber(stock[2]) < 1 then
    redis.call('SET', KEYS[1], '0', 'EX', 86400)
    return '0'
  end
end
for i = 1, lines do
  redis.call('HINCRBY', KEYS[i + 2], 'allocated', 1)
  redis.call('HINCRBY', KEYS[i + 2], 'version', 1)
  redis.call('HSET', KEYS[2], KEYS[i + 2], 1)
end
redis.call('PEXPIRE', KEYS[2], 3600000)
redis.call('SET', KEYS[1], '1', 'EX', 86400)
return '1'
`

interface WithReserve {
  readonly reserveScript: (keyCount: number, ...keys: ReadonlyArray<string>) => Promise<string>
}

export const redisTarget = async (name: string, url: string): Promise<Target> => {
  const redis = new Redis(url, { enableAutoPipelining: true })
  redis.defineCommand("reserveScript", { lua: RESERVE })
  const scripted = redis as unknown as WithReserve
  const reserveLines = async (skus: ReadonlyArray<string>, mutationId: string): Promise<boolean> => {
    const keys = [`mutation:${mutationId}`, `hold:${mutationId}`, ...skus.map((sku) => `stock:${sku}`)]
    return (await scripted.reserveScript(keys.length, ...keys)) === "1"
  }
  let known: ReadonlyArray<string> = []
  return {
    name,
    prepare: async (skus, units) => {
      await redis.flushall()
      known = skus
      await Promise.all(skus.map((sku) => redis.hset(`stock:${sku}`, "physical", units, "allocated", 0, "version", 0)))
    },
    reserve: (sku, mutationId) => reserveLines([sku], mutationId),
    reserveLines,
    check: async () => {
      const stocks = await Promise.all(known.map((sku) => redis.hmget(`stock:${sku}`, "physical", "allocated")))
      return {
        held: stocks.reduce((sum, [, allocated]) => sum + Number(allocated), 0),
        oversold: stocks.filter(([physical, allocated]) => Number(allocated) > Number(physical)).length
      }
    },
    rest: async () => undefined,
    close: async () => redis.disconnect()
  }
}
