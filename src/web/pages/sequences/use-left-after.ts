/** When a cart counts as left: the carts' policy says it, and the time line begins there. */
import { useEffect, useState } from "react"
import { get } from "../../hub/http.ts"
import { spoken } from "../../recovery/duration.ts"

interface IdlePolicy {
  readonly leftCheckoutMs: number
  readonly idleCartMs: number
}

/** A sentence, empty while it is not known. */
export const useLeftAfter = (): string => {
  const [policy, setPolicy] = useState<IdlePolicy | undefined>()
  useEffect(() => {
    const leave = new AbortController()
    get("/v1/cart-policy", { signal: leave.signal }).then(setPolicy, () => undefined)
    return () => leave.abort()
  }, [])
  if (policy === undefined) return ""
  return `${spoken(policy.leftCheckoutMs)} after the last sign of life in checkout, ${spoken(policy.idleCartMs)} before it.`
}
