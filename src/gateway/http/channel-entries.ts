/**
 * The addresses of channels and carriers: what they tell, and what operators do with them.
 */
import type { ChannelRoutes } from "./channels.ts"
import { type Entry, PUBLIC, type Route } from "./entry.ts"
import type { OutreachRoutes } from "./outreach.ts"

export const channelEntries = (channels: ChannelRoutes): ReadonlyArray<Entry> => {
  const list =
    (what: Parameters<ChannelRoutes["list"]>[0]): Route =>
    (request, respond, name) =>
      channels.list(what, request, respond, name)
  const act =
    (what: Parameters<ChannelRoutes["act"]>[0]): Route =>
    (request, respond, name) =>
      channels.act(what, request, respond, name)
  return [
    ["get", "/v1/channels", "channels.read", (_request, respond) => channels.all(respond)],
    // A channel's webhooks carry its own signature, which its adapter checks.
    [
      "post",
      "/v1/channels/:channel/webhooks",
      PUBLIC,
      (request, respond, name) => channels.webhook(request, respond, name)
    ],
    [
      "post",
      "/v1/channels/:channel/webhooks/:topic",
      PUBLIC,
      (request, respond, name, topic) => channels.webhook(request, respond, name, topic)
    ],
    ["get", "/v1/channels/:channel/listings", "channels.read", list("listings")],
    ["get", "/v1/channels/:channel/unmapped", "channels.read", list("unmapped")],
    ["get", "/v1/channels/:channel/held", "channels.read", list("held")],
    ["get", "/v1/channels/:channel/dead-letters", "channels.read", list("letters")],
    ["post", "/v1/channels/:channel/mappings", "channels.map", act("map")],
    ["post", "/v1/channels/:channel/mappings/by-sku", "channels.map", act("adopt")],
    ["post", "/v1/channels/:channel/dead-letters/redrive", "channels.redrive", act("redrive")],
    ["post", "/v1/channels/:channel/dead-letters/discard", "channels.discard", act("discard")],
    ["post", "/v1/channels/:channel/shipments", "channels.ship", act("ship")],
    ["post", "/v1/channels/:channel/reconcile", "channels.reconcile", act("reconcile")],
    [
      "post",
      "/v1/channels/:channel/resume",
      "channels.resume",
      (_request, respond, name) => channels.resume(respond, name)
    ]
  ]
}

/** Public: carriers sign, and who unsubscribes has a token. GET for Messenger's handshake, and for the page that asks before it unsubscribes. */
export const outreachEntries = (outreach: OutreachRoutes): ReadonlyArray<Entry> =>
  (["inbound", "status", "unsubscribe"] as const).flatMap((what) =>
    (["get", "post"] as const).map((method): Entry => [
      method,
      `/v1/outreach/:carrier/${what}`,
      PUBLIC,
      (request, respond, carrier) => outreach.receive(what, request, respond, carrier)
    ])
  )
