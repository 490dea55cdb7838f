/**
 * Queries named by their hash, as Apollo's clients name them: the hash alone first, the text with it when the hub does not
 * know it yet, from then on the hash. Or, with a file of registered queries, only those, by their names or their texts.
 */
import { createHash } from "node:crypto"
import { GraphQLError } from "graphql"
import { DOCUMENTS_MAX, DOCUMENTS_TEXT_MAX } from "../../config/graphql.ts"
import { KeptTexts } from "./kept-texts.ts"

/** What a request names; everything in it is the client's. */
export interface Named {
  readonly query?: unknown
  readonly extensions?: unknown
}

export class PersistedQueries {
  private readonly kept = new KeptTexts<string>({ countMax: DOCUMENTS_MAX, lengthMax: DOCUMENTS_TEXT_MAX })
  private readonly registered: ReadonlyMap<string, string> | undefined
  private readonly texts: ReadonlySet<string>

  /** `registered`: texts by their names, or `undefined` when every text is taken. */
  constructor(registered: ReadonlyMap<string, string> | undefined) {
    this.registered = registered
    this.texts = new Set(registered?.values())
  }

  /** The text that is meant; what the request has for one when it names none. Throws the refusal. */
  textOf({ extensions, query }: Named): unknown {
    const hash = hashIn(extensions)
    if (hash === undefined) return query
    if (query === undefined || query === null || query === "") {
      const known = this.registered?.get(hash) ?? this.kept.get(hash)
      if (known === undefined) throw this.registered === undefined ? notFound() : unregistered()
      return known
    }
    if (typeof query !== "string" || this.registered !== undefined) return query
    if (createHash("sha256").update(query).digest("hex") !== hash) {
      throw new GraphQLError("extensions.persistedQuery.sha256Hash is not the SHA-256 of the query.")
    }
    this.kept.put(hash, query, query.length)
    return query
  }

  /** The refusal of a text that is not to be run. */
  refusal(text: string): GraphQLError | undefined {
    return this.registered === undefined || this.texts.has(text) ? undefined : unregistered()
  }
}

const HASH = /^[0-9a-f]{64}$/

const hashIn = (extensions: unknown): string | undefined => {
  const { persistedQuery } = (extensions ?? {}) as { readonly persistedQuery?: unknown }
  if (typeof persistedQuery !== "object" || persistedQuery === null) return undefined
  const { sha256Hash, version } = persistedQuery as { readonly sha256Hash?: unknown; readonly version?: unknown }
  if (version === 1 && typeof sha256Hash === "string" && HASH.test(sha256Hash)) return sha256Hash
  throw new GraphQLError("Send extensions.persistedQuery as version 1 with sha256Hash as 64 small hexadecimal digits.")
}

/** The words are the protocol's: clients send the text when they read them. */
const notFound = () => new GraphQLError("PersistedQueryNotFound", { extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } })

const unregistered = () =>
  new GraphQLError("This hub takes registered queries only, and this is none of them.", {
    extensions: { code: "unregistered_query" }
  })
