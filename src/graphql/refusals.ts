/**
 * Refusals as GraphQL errors: the sentence is the message; `code`, `path` and whatever else HTTP would say stand in
 * `extensions`. What a resolver throws otherwise is a fault of the hub's, and its text is kept from clients.
 */
import { GraphQLError } from "graphql"
import { invalid } from "../gateway/decode.ts"

export interface AnyRefusal {
  readonly ok: false
  readonly code: string
  readonly message: string
}

export const refusal = ({ ok: _ok, message, ...extensions }: AnyRefusal): GraphQLError =>
  new GraphQLError(message, { extensions })

export const invalidArgument = (message: string, path?: string): GraphQLError => refusal(invalid(message, path))

export type AnyAnswer = { readonly ok: true } | AnyRefusal

/** What the hub answers, or the refusal as an error. */
export const answered = (ask: (reply: (answer: AnyAnswer) => void) => void): Promise<{ readonly ok: true }> =>
  new Promise((resolve, reject) => ask((answer) => (answer.ok ? resolve(answer) : reject(refusal(answer)))))

const internal = new GraphQLError("The hub could not answer this; the same again may do.", {
  extensions: { code: "internal" }
})

/** The error as a client gets it. `fault` hears of those that are the hub's own. */
export const shown =
  (fault: (error: Error) => void) =>
  (error: Readonly<GraphQLError | Error>): GraphQLError => {
    if (!(error instanceof GraphQLError))
      return new GraphQLError(error.message, { extensions: { code: "invalid_request" } })
    if (error.extensions["code"] !== undefined) return error
    const { originalError } = error
    const own = originalError !== undefined && !(originalError instanceof GraphQLError)
    if (own) fault(originalError)
    return new GraphQLError(own ? internal.message : error.message, {
      nodes: error.nodes ?? null,
      source: error.source ?? null,
      positions: error.positions ?? null,
      path: error.path ?? null,
      extensions: { code: own ? "internal" : "invalid_request" }
    })
  }
