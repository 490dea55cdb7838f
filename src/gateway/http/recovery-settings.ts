/**
 * By what carts are won back, over HTTP: the settings and their versions, a change of them, and what they would say.
 */
import type { CustomerBook } from "../../../actors/customer/book.ts"
import type { SettingsVersion } from "../../../actors/recovery/settings.ts"
import type { CartState } from "../../../actors/cart/state.ts"
import { hash64 } from "../../../actors/sku/fingerprint.ts"
import { MESSAGE_BYTES_MAX, PAGE_LIMIT_DEFAULT } from "../../../config/limits.ts"
import { isFields } from "../../access/body-target.ts"
import { unavailable } from "../../host/answers.ts"
import { decodePreview, decodeSettingsChange } from "../../recovery/decode-settings-change.ts"
import type { CustomerPartitions } from "../../recovery/layer.ts"
import { previewOf } from "../../recovery/preview.ts"
import type { Preview, SettingsView, VersionLine, VersionsPage } from "../../recovery/protocol.ts"
import { cartUrlOf } from "../../recovery/compose.ts"
import { VersionQuery, VersionsQuery } from "../openapi/recovery.ts"
import { readQuery } from "../read-query.ts"
import type { AskedRequest, Request } from "../serving.ts"
import { bodyOf } from "./read-body.ts"
import { json, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

export interface RecoverySettingsServices {
  readonly host: CustomerPartitions
  readonly carts: { peek(cart: string): CartState | undefined }
  /** What a message's link is; where nobody is written to, the address of nobody's page. */
  readonly linkOf: ((cartId: string, attemptId: string, code?: string) => string) | undefined
  readonly nowMs: () => number
  readonly hasCodePlace: boolean
}

const linkOfNobody = (cart: string, attempt: string, offer?: string): string =>
  cartUrlOf("https://shop.example/cart/{cart}?from={attempt}&code={offer}", { cart, attempt, offer })

const lineOf = ({ at, by, note, version }: SettingsVersion): VersionLine => ({
  version,
  ...(version === 0 ? {} : { at: new Date(at).toISOString() }),
  by,
  ...(note === undefined ? {} : { note })
})

export class RecoverySettingsRoutes {
  private readonly services: RecoverySettingsServices

  constructor(services: RecoverySettingsServices) {
    this.services = services
  }

  get(request: Request, respond: Respond): void {
    const query = readQuery(VersionQuery, request.query)
    if (!query.ok) return respond(refused(query.refusal))
    const { version: asked } = query.value
    this.look(
      ({ settings }) => ({
        found: asked === undefined ? settings.current : settings.find(asked),
        current: settings.current.version
      }),
      respond,
      ({ current, found }) => {
        if (found === undefined) {
          const message = `There is no version ${asked} of the settings; the newest is ${current}.`
          return respond(json(404, { ok: false, code: "unknown_version", message, version: current }))
        }
        const isCurrent = found.version === current
        const view: SettingsView = { ok: true, ...lineOf(found), isCurrent, settings: found.settings }
        respond(json(200, view))
      }
    )
  }

  versions(request: Request, respond: Respond): void {
    const asked = readQuery(VersionsQuery, request.query)
    if (!asked.ok) return respond(refused(asked.refusal))
    const { before = Infinity, limit = PAGE_LIMIT_DEFAULT } = asked.value
    this.look(
      ({ settings }) => settings.all.filter(({ version }) => version < before).slice(0, limit + 1),
      respond,
      (found) => {
        const items = found.slice(0, limit).map(lineOf)
        const last = items.at(-1)
        const page: VersionsPage =
          found.length > limit && last !== undefined ? { items, next: last.version } : { items }
        respond(json(200, page))
      }
    )
  }

  set(request: AskedRequest, respond: Respond): void {
    const body = bodyOf(request, MESSAGE_BYTES_MAX, respond)
    if (body === undefined) return
    const decoded = decodeSettingsChange(inTheirName(request, body.value), this.services.hasCodePlace)
    if (!decoded.ok) return respond(refused(decoded.refusal))
    const { mutationId: _mutation, ...content } = decoded.value
    this.services.host.submit({
      kind: "command",
      command: decoded.value,
      hash: hash64(JSON.stringify(content)),
      factSequence: 0,
      receivedAtMs: request.receivedAtMs,
      reply: (answer) => respond(answer.ok ? json(200, answer) : refused(answer))
    })
  }

  preview(request: Request, respond: Respond): void {
    const body = bodyOf(request, MESSAGE_BYTES_MAX, respond)
    if (body === undefined) return
    const decoded = decodePreview(body.value, this.services.hasCodePlace)
    if (!decoded.ok) return respond(refused(decoded.refusal))
    const { cart, draft, left, lines, sequenceId } = decoded.value
    const state = cart === undefined ? undefined : this.services.carts.peek(cart)
    if (cart !== undefined && state === undefined) {
      const message = `No cart ${cart} is known; send lines for one that is made up.`
      return respond(json(404, { ok: false, code: "unknown_cart", message }))
    }
    const { linkOf = linkOfNobody, nowMs } = this.services
    this.look(
      ({ settings }) => settings.current.settings,
      respond,
      (current) => {
        const ask = {
          settings: draft?.settings ?? current,
          sequenceId,
          cartId: cart ?? "preview",
          lines: state?.lines ?? lines,
          left: state === undefined ? left : leftOf(state, left),
          linkOf,
          at: nowMs()
        }
        const preview: Preview = { ok: true, faults: draft?.faults ?? [], ...previewOf(ask) }
        respond(json(200, preview))
      }
    )
  }

  private look<A>(view: (book: CustomerBook) => A, respond: Respond, then: (value: A) => void): void {
    this.services.host.view(view, (outcome) => {
      if (outcome === undefined) return respond(refused(unavailable("The hub takes no turns now.")))
      then(outcome.value)
    })
  }
}

/** `by` is who asks, where the hub knows them, whatever they call themselves. */
const inTheirName = ({ principal }: AskedRequest, body: unknown): unknown =>
  principal.kind === "open" || !isFields(body) ? body : { ...body, by: principal.name }

/** The cart as it is; how it would be left may be said. */
const leftOf = ({ currency, segment, totals }: CartState, { reason }: { reason: "left-checkout" | "idle-cart" }) => ({
  reason,
  totalMinor: totals.totalMinor,
  ...(currency === undefined ? {} : { currency }),
  ...(segment === undefined ? {} : { segment })
})
