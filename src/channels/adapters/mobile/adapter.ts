/**
 * A mobile app's backend: tells of orders with a short-lived token (JWT, HS256), and is told nothing, because the app
 * reads the hub's sockets. A listing is a SKU.
 *
 * `authorization: Bearer <jwt>` with `aud` as configured and `exp`; the body is `{"id", "type": "order" | "cancellation",
 * "order", "at", "lines": [{"line", "sku", "quantity"}]}`.
 */
import { createHmac, timingSafeEqual } from "node:crypto"
import {
  type Adapter,
  type AdapterContext,
  type AdapterModule,
  type ChannelEvent,
  type QuantityWrite,
  type Received,
  type Result,
  succeeded,
  type Webhook,
  type WriteOutcome
} from "../../adapter.ts"
import { idOf, isObject, objectsOf, parseJson, parseObject, timeOf } from "../../json-body.ts"
import { fieldsOf, text, textOr } from "../../settings.ts"

const SECRET_LENGTH_MIN = 32
/** Tokens that live longer are not short-lived. */
const TOKEN_LIFE_MS_MAX = 3_600_000
const CLOCK_SKEW_MS = 60_000

class Mobile implements Adapter {
  readonly limits = { batchMax: 1_000, callsPerSecond: Infinity, burst: 1_000, concurrencyMax: 1, windowMs: 0 }
  private readonly secret: string
  private readonly audience: string
  private readonly context: AdapterContext

  constructor(context: AdapterContext) {
    const fields = fieldsOf(context.settings, "A mobile app's channel")
    this.context = context
    this.secret = text(fields, "secret")
    if (this.secret.length < SECRET_LENGTH_MIN) {
      throw new Error(`The setting secret must have at least ${SECRET_LENGTH_MIN} characters.`)
    }
    this.audience = textOr(fields, "audience", "holdfast")
  }

  async push(writes: ReadonlyArray<QuantityWrite>): Promise<Result<ReadonlyArray<WriteOutcome>>> {
    return succeeded(writes.map(() => ({ type: "applied" }) as const))
  }

  async receive({ headers, body }: Webhook): Promise<Received> {
    const why = this.whyNot(headers["authorization"] ?? "")
    if (why !== undefined) return { type: "refused", status: 401, message: why }
    const content = parseObject(body)
    const type = content?.["type"]
    const order = idOf(content?.["order"])
    if (content === undefined || order === undefined || (type !== "order" && type !== "cancellation")) {
      return { type: "refused", status: 400, message: "The body must name type (order or cancellation) and order." }
    }
    if (!Array.isArray(content["lines"])) return { type: "refused", status: 400, message: "lines must be an array." }
    const occurredAt = timeOf(content["at"])
    const events = objectsOf(content["lines"]).map((line): ChannelEvent => {
      const lineId = idOf(line["line"])
      const sku = idOf(line["sku"])
      const quantity = line["quantity"]
      const id = `${type}:${order}:${lineId ?? JSON.stringify(line).slice(0, 200)}`
      const isWhole = typeof quantity === "number" && Number.isInteger(quantity) && quantity > 0
      if (lineId === undefined || sku === undefined || !isWhole) {
        return { type: "unfit", id, reason: "The line names no line, no SKU or no whole quantity.", payload: line }
      }
      return {
        type: type === "order" ? "sale" : "return",
        id,
        listingId: sku,
        quantity,
        shownBy: 0,
        reference: order,
        ...(occurredAt === undefined ? {} : { occurredAt })
      }
    })
    return { type: "events", events }
  }

  /** Why the token is not to be believed, or `undefined`. Only HS256: what the token says of its algorithm is not asked. */
  private whyNot(authorization: string): string | undefined {
    const [header = "", payload = "", signature = "", rest] = authorization.replace(/^Bearer /, "").split(".")
    const given = Buffer.from(signature, "base64url")
    const made = createHmac("sha256", this.secret).update(`${header}.${payload}`).digest()
    if (rest !== undefined || given.length !== made.length || !timingSafeEqual(given, made)) {
      return "The token is not signed with this channel's secret."
    }
    const says = parseJson(Buffer.from(header, "base64url"))
    const claims = parseJson(Buffer.from(payload, "base64url"))
    if (!isObject(says) || says["alg"] !== "HS256" || !isObject(claims)) return "The token is no HS256 JWT."
    const { exp, aud, nbf } = claims
    const now = this.context.nowMs()
    if (aud !== this.audience && !(Array.isArray(aud) && aud.includes(this.audience)))
      return "The token is for another audience."
    if (typeof exp !== "number" || exp * 1_000 < now - CLOCK_SKEW_MS) return "The token has expired."
    if (exp * 1_000 > now + TOKEN_LIFE_MS_MAX + CLOCK_SKEW_MS) return "The token lives for more than an hour."
    if (typeof nbf === "number" && nbf * 1_000 > now + CLOCK_SKEW_MS) return "The token is not valid yet."
    return undefined
  }
}

const mobile: AdapterModule = { kind: "mobile", make: (context) => new Mobile(context) }

export default mobile
