/**
 * How long a delivery takes and is to last, over HTTP: for all SKUs and for one, with who set them; by these order proposals
 * are made.
 */
import { Effect } from "effect"
import {
  decideReorder,
  type ReorderChange as Change,
  reorderOf,
  type ReorderVersion
} from "../../../actors/reorder/settings.ts"
import type { Desk } from "../../../streams/desk.ts"
import { reorderForAllSubject, reorderSubject } from "../../../streams/subjects.ts"
import { wrongSku } from "../decode.ts"
import { ReorderChange, ReorderChangeOfSku } from "../openapi/work-bodies.ts"
import type { Refusal } from "../protocol.ts"
import type { AskedRequest } from "../serving.ts"
import type { ReorderSettingsView, ReorderVersionsView } from "../work-protocol.ts"
import { decideAt } from "./decide-at.ts"
import type { Entry } from "./entry.ts"
import { readBody } from "./read-body.ts"
import { answering, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"
import { whoActs } from "./who.ts"

export interface ReorderServices {
  readonly desk: Desk<ReorderVersion>
  readonly run: (effect: Effect.Effect<void>) => void
  readonly nowMs: () => number
}

const UNREADABLE = "Lead times cannot be read now; stock is not affected. Try again."

/** `sku` absent: for all SKUs. */
interface Place {
  readonly sku?: string
}

const subjectOf = ({ sku }: Place): string => (sku === undefined ? reorderForAllSubject : reorderSubject(sku))

export class ReorderDesk {
  private readonly services: ReorderServices

  constructor(services: ReorderServices) {
    this.services = services
  }

  /** Those for all SKUs, and of these SKUs what each has of its own. */
  readonly settingsOf = Effect.fnUntraced({ self: this }, function* (this: ReorderDesk, skus: ReadonlyArray<string>) {
    const subjects = [reorderForAllSubject, ...skus.map(reorderSubject)]
    const newest = yield* this.services.desk.newest(subjects).pipe(Effect.mapError(() => UNREADABLE))
    return {
      forAll: newest.get(reorderForAllSubject),
      own: (sku: string): ReorderVersion | undefined => newest.get(reorderSubject(sku))
    }
  })

  get(respond: Respond, place: Place): void {
    const { sku } = place
    const view = this.settingsOf(sku === undefined ? [] : [sku]).pipe(
      Effect.map(({ forAll, own }) => viewOf(place, forAll, sku === undefined ? undefined : own(sku)))
    )
    this.services.run(answering(respond, view))
  }

  versions(respond: Respond, place: Place): void {
    const read = this.services.desk.all(subjectOf(place)).pipe(
      Effect.mapError(() => UNREADABLE),
      Effect.map((all): ReorderVersionsView => ({ ok: true, items: all.toReversed().map(lineOf) }))
    )
    this.services.run(answering(respond, read))
  }

  setForAll(request: AskedRequest, respond: Respond): void {
    const body = readBody(request, ReorderChange, respond)
    if (body !== undefined) this.set(request, respond, {}, body)
  }

  setOwn(request: AskedRequest, respond: Respond, place: Place): void {
    const body = readBody(request, ReorderChangeOfSku, respond)
    if (body !== undefined) this.set(request, respond, place, body)
  }

  private set(
    request: AskedRequest,
    respond: Respond,
    place: Place,
    { by, coverDays = null, expectedVersion, leadDays = null }: typeof ReorderChangeOfSku.Type
  ): void {
    const change = { leadDays, coverDays, expectedVersion, by: whoActs(request, by), at: this.services.nowMs() }
    this.services.run(answering(respond, this.changed(place, change)))
  }

  private readonly changed = Effect.fnUntraced(
    { self: this },
    function* (this: ReorderDesk, place: Place, change: Change) {
      const at = { desk: this.services.desk, subject: subjectOf(place), unreadable: UNREADABLE }
      const newest = yield* decideAt(at, (before) => decideReorder(before, change))
      if (place.sku === undefined) return viewOf(place, newest, undefined)
      return viewOf(place, (yield* this.settingsOf([])).forAll, newest)
    }
  )
}

const lineOf = ({ at, by, coverDays, leadDays, version }: ReorderVersion) => ({
  version,
  by,
  at: new Date(at).toISOString(),
  leadDays,
  coverDays
})

const viewOf = (
  { sku }: Place,
  forAll: ReorderVersion | undefined,
  own: ReorderVersion | undefined
): ReorderSettingsView => {
  const set = sku === undefined ? forAll : own
  return {
    ok: true,
    ...(sku === undefined ? {} : { sku }),
    ...(set === undefined ? { version: 0, leadDays: null, coverDays: null } : lineOf(set)),
    used: reorderOf(forAll, own)
  }
}

export const reorderEntries = (desk: ReorderDesk): ReadonlyArray<Entry> => {
  const ofSku =
    (act: (request: AskedRequest, respond: Respond, place: Place) => void) =>
    (request: AskedRequest, respond: Respond, sku: string | undefined): void => {
      const wrong = wrongSku(sku)
      if (wrong !== undefined || sku === undefined) return respond(refused(wrong as Refusal))
      act(request, respond, { sku })
    }
  return [
    ["get", "/v1/reorder-settings", "alerts.read", (_request, respond) => desk.get(respond, {})],
    ["get", "/v1/reorder-settings/versions", "alerts.read", (_request, respond) => desk.versions(respond, {})],
    ["post", "/v1/reorder-settings", "reorder.configure", (request, respond) => desk.setForAll(request, respond)],
    [
      "get",
      "/v1/stock/:sku/reorder-settings",
      "alerts.read",
      ofSku((_request, respond, place) => desk.get(respond, place))
    ],
    [
      "get",
      "/v1/stock/:sku/reorder-settings/versions",
      "alerts.read",
      ofSku((_request, respond, place) => desk.versions(respond, place))
    ],
    [
      "post",
      "/v1/stock/:sku/reorder-settings",
      "reorder.configure",
      ofSku((request, respond, place) => desk.setOwn(request, respond, place))
    ]
  ]
}
