/**
 * From a channel's configuration to a channel that works: its adapter found and made, its limits put together.
 */
import { randomUUID } from "node:crypto"
import { pathToFileURL } from "node:url"
import { resolve } from "node:path"
import { type ChannelConfig, WrongChannels } from "../../config/channels.ts"
import type { Adapter, AdapterLimits, AdapterModule } from "./adapter.ts"
import { adapterFetch } from "./adapter-fetch.ts"
import { builtIn } from "./adapters/built-in.ts"
import type { ChannelSettings } from "./channel.ts"
import { DISPATCH_DEFAULT } from "./dispatcher.ts"

/** Throws `WrongChannels` with one sentence for the operator. */
export const adapterOf = async (config: ChannelConfig, nowMs: () => number): Promise<Adapter> => {
  const module = await moduleOf(config)
  try {
    return module.make({
      channel: config.name,
      settings: config.settings,
      fetch: adapterFetch,
      nowMs,
      newId: randomUUID
    })
  } catch (cause) {
    throw new WrongChannels(`The channel ${config.name}: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

const moduleOf = async ({ name, adapter }: ChannelConfig): Promise<AdapterModule> => {
  const known = builtIn.find(({ kind }) => kind === adapter)
  if (known !== undefined) return known
  const isPath = /[./\\]/.test(adapter)
  if (!isPath) {
    const kinds = builtIn.map(({ kind }) => kind).join(", ")
    throw new WrongChannels(
      `The channel ${name}: there is no adapter ${adapter}; take one of ${kinds}, or a module's path.`
    )
  }
  return loadAdapter(adapter)
}

/** A third party's module. Throws `WrongChannels` when it cannot be loaded or exports no adapter. */
export const loadAdapter = async (path: string): Promise<AdapterModule> => {
  let loaded: { readonly default?: Partial<AdapterModule> }
  try {
    loaded = (await import(pathToFileURL(resolve(path)).href)) as typeof loaded
  } catch (cause) {
    throw new WrongChannels(
      `The adapter ${path} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`
    )
  }
  const module = loaded.default
  if (typeof module?.make !== "function" || typeof module.kind !== "string") {
    throw new WrongChannels(`The adapter ${path} must export { kind, make } as its default.`)
  }
  return module as AdapterModule
}

const lower = (allowed: AdapterLimits, wished: ChannelConfig["limits"]): AdapterLimits => ({
  batchMax: Math.min(allowed.batchMax, wished.batchMax ?? Infinity),
  callsPerSecond: Math.min(allowed.callsPerSecond, wished.callsPerSecond ?? Infinity),
  burst: Math.min(allowed.burst, wished.burst ?? Infinity),
  concurrencyMax: Math.min(allowed.concurrencyMax, wished.concurrencyMax ?? Infinity),
  windowMs: wished.windowMs ?? allowed.windowMs
})

export const settingsOf = (config: ChannelConfig, adapter: Adapter): ChannelSettings => ({
  name: config.name,
  kind: config.adapter,
  isIdentity: config.identity,
  stuckBuffer: config.stuckBuffer,
  policy: {
    limits: lower(adapter.limits, config.limits),
    backoff: { ...DISPATCH_DEFAULT.backoff, ...config.backoff },
    breaker: { ...DISPATCH_DEFAULT.breaker, ...config.breaker },
    lastUnitsMax: config.lastUnitsMax,
    callTimeoutMs: config.callTimeoutMs,
    isShadow: config.shadow
  },
  intervals: {
    heartbeatMs: config.heartbeatMs,
    pollMs: config.pollMs,
    upkeepMs: config.upkeepMs,
    reconcileMs: config.reconcileMs,
    resultsMs: config.resultsMs,
    stuckMs: config.stuckMs
  }
})
