/**
 * What a client wants to follow, as it says it.
 */
import { ID_LENGTH_MAX } from "../../config/limits.ts"
import { decodeSku } from "../../streams/subjects.ts"
import { ALL } from "./fanout/subscriber.ts"

const SKU_TOPIC = "stock."
const CART_TOPIC = "cart."

export interface Topics {
  readonly skus: Array<string>
  readonly carts: Array<string>
  readonly all: boolean
}

/** `undefined`: there is something in it that is no topic. */
export const readTopics = (topics: unknown): Topics | undefined => {
  if (!Array.isArray(topics)) return undefined
  const skus = new Set<string>()
  const carts = new Set<string>()
  let all = false
  for (const topic of topics as ReadonlyArray<unknown>) {
    if (typeof topic !== "string") return undefined
    const kind = topic.startsWith(CART_TOPIC) ? CART_TOPIC : SKU_TOPIC
    if (!topic.startsWith(kind)) return undefined
    if (topic === ALL) {
      all = true
      continue
    }
    const name = decodeSku(topic.slice(kind.length))
    if (name === undefined || name.length === 0 || name.length > ID_LENGTH_MAX) return undefined
    if (kind === CART_TOPIC) carts.add(name)
    else skus.add(name)
  }
  return { skus: [...skus], carts: [...carts], all }
}

/** Read as plain data: a SKU may be called `__proto__`. */
export const readHave = (have: unknown): ReadonlyMap<string, number> | undefined => {
  const versions = new Map<string, number>()
  if (have === undefined) return versions
  if (typeof have !== "object" || have === null || Array.isArray(have)) return undefined
  for (const [sku, version] of Object.entries(have)) {
    if (typeof version !== "number" || !Number.isSafeInteger(version) || version < 0) return undefined
    versions.set(sku, version)
  }
  return versions
}
