/**
 * The selections that anybody follows at this moment, each once.
 */
import type { GraphQLResolveInfo } from "graphql"
import { SELECTIONS_MAX } from "../../../config/graphql.ts"
import { refusal } from "../refusals.ts"
import { type Normal, normalise, Selection } from "./selection.ts"

export class Selections<Source> {
  private readonly known = new Map<string, Selection<Source>>()
  private readonly encoder: (normal: Normal) => (source: Source) => string

  constructor(encoder: (normal: Normal) => (source: Source) => string) {
    this.encoder = encoder
  }

  /** To be given back by `release`. Throws a refusal when too many different ones are followed. */
  take(info: GraphQLResolveInfo): Selection<Source> {
    const normal = normalise(info)
    let selection = this.known.get(normal.key)
    if (selection === undefined) {
      if (this.known.size >= SELECTIONS_MAX) throw refusal(tooMany)
      selection = new Selection(normal.key, this.encoder(normal))
      this.known.set(normal.key, selection)
    }
    selection.users++
    return selection
  }

  release(selection: Selection<Source>): void {
    if (--selection.users === 0) this.known.delete(selection.key)
  }

  get size(): number {
    return this.known.size
  }
}

const tooMany = {
  ok: false,
  code: "overloaded",
  message: `Subscriptions of ${SELECTIONS_MAX} different selections are open; select what others do, or try again later.`,
  retryAfterMs: 10_000
} as const
