/**
 * What the Graph API's error numbers mean for a message: Messenger Platform, "Common Error Codes".
 */
import type { FailureClass } from "../../outreach.ts"

export interface GraphError {
  readonly code?: number
  readonly error_subcode?: number
  readonly is_transient?: boolean
  readonly message?: string
}

const THROTTLED = new Set([4, 17, 32, 613, 80_006])
/** A token that has ended, a permission that is missing, a page that is blocked for a while: an operator's matter. */
const FOR_AN_OPERATOR = new Set([3, 190, 200, 230, 368])
const NO_SUCH_USER = 2_018_001

export const classOfGraphError = (status: number, error: GraphError | undefined): FailureClass => {
  const code = error?.code
  if (code === undefined) return status === 429 ? "throttled" : status >= 500 ? "unknown" : "refused"
  if (THROTTLED.has(code) || status === 429) return "throttled"
  if (FOR_AN_OPERATOR.has(code)) return "temporary"
  if (code === 100 && error?.error_subcode === NO_SUCH_USER) return "permanent"
  // "Temporary send message failure".
  if (code === 1_200) return "temporary"
  // 1 and 2 are said of what went wrong within, also after the message has gone.
  if (code === 1 || code === 2 || error?.is_transient === true || status >= 500) return "unknown"
  // 10 is outside of the 24 hours, 551 a person who is not available now.
  return "refused"
}
