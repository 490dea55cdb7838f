/**
 * Sales channels: how each is, its listings, what is not mapped, held or given up, and what operators do about it. The channels'
 * thread answers, as it does over HTTP.
 */
import type { Action } from "../../actors/access/actions.ts"
import type { Question } from "../channels/messages.ts"
import type { ChannelHealth } from "../channels/protocol.ts"
import type { ReconcileReport } from "../channels/reconcile.ts"
import { act, demand } from "./allowed.ts"
import { counts, given, replied } from "./asking.ts"
import { CHANNEL_TYPES } from "./channel-types.ts"
import { limited, type Paged } from "./pages.ts"
import type { Part, Resolver } from "./part.ts"

type Listing = Extract<Question, { readonly after: string }>["op"]
type Acting = Exclude<Extract<Question, { readonly body: unknown }>["op"], "webhook">
type Body = Readonly<Record<string, unknown>>

interface Page extends Paged {
  readonly channel: string
}

const page =
  (op: Listing): Resolver =>
  async (_source, { after, channel, limit }: Page, { principal, services }) => {
    demand(principal, "channels.read", { channels: [channel] })
    return replied(await services.channels.ask({ op, channel, after: after ?? "", limit: limited(limit) }))
  }

const doing =
  (op: Acting | "resume", action: Action, bodyOf: (args: Body) => unknown = given): Resolver =>
  (_source, { channel, ...args }: Body & { readonly channel: string }, context, info) => {
    const body = bodyOf(args)
    return act(context, info, { action, target: { names: [], channels: [channel] }, body }, async () => {
      const question: Question = op === "resume" ? { op, channel } : { op, channel, body }
      return replied(await context.services.channels.ask(question))
    })
  }

export const channels: Part = {
  types: CHANNEL_TYPES,
  resolvers: {
    Query: {
      channels: async (_source, _args, { principal, services }) => {
        demand(principal, "channels.read")
        return (replied(await services.channels.ask({ op: "channels" })) as { readonly channels: unknown }).channels
      },
      listings: page("listings"),
      unmapped: page("unmapped"),
      held: page("held"),
      deadListings: page("letters")
    },
    Channel: {
      calls: ({ calls }: ChannelHealth) => counts(calls),
      events: ({ events }: ChannelHealth) => counts(events)
    },
    Reconciliation: {
      causes: ({ causes }: ReconcileReport) => counts(causes as Readonly<Record<string, number>>)
    },
    Mutation: {
      mapListings: doing("map", "channels.map", ({ mappings }) => mappings),
      adoptListings: doing("adopt", "channels.map"),
      redrive: doing("redrive", "channels.redrive"),
      discard: doing("discard", "channels.discard"),
      reconcile: doing("reconcile", "channels.reconcile"),
      confirmShipment: doing("ship", "channels.ship", ({ shipment }) => given(shipment as Body | undefined)),
      resumeChannel: doing("resume", "channels.resume")
    }
  }
}
