/**
 * Bodies of requests: as JSON, or as what a schema makes of it. Whatever cannot be taken is refused here.
 */
import type { Schema } from "effect"
import { MESSAGE_BYTES_MAX } from "../../../config/limits.ts"
import { decodeBySchema } from "../decode-by-schema.ts"
import { decodeJson, invalid } from "../decode.ts"
import type { Request } from "../serving.ts"
import { refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

export const tooLarge = refused(invalid("The body is too large: a message has at most 64 KiB, an array 1 MiB."), 413)

/** The body as JSON, or `undefined` after the refusal went out. */
export const bodyOf = (
  request: Request,
  sizeMax: number,
  respond: Respond
): { readonly value: unknown } | undefined => {
  if (request.body === undefined || request.body.byteLength > sizeMax) {
    respond(tooLarge)
    return undefined
  }
  const decoded = request.read ?? decodeJson(request.body, sizeMax)
  if (decoded.ok) return { value: decoded.value }
  respond(refused(decoded.refusal))
  return undefined
}

/** One message by its schema, or `undefined` after the refusal went out. `none`: what an empty body stands for. */
export const readBody = <A>(request: Request, schema: Schema.Codec<A>, respond: Respond, none?: A): A | undefined => {
  if (none !== undefined && request.body?.byteLength === 0) return none
  const body = bodyOf(request, MESSAGE_BYTES_MAX, respond)
  if (body === undefined) return undefined
  const decoded = decodeBySchema(schema, body.value)
  if (decoded.ok) return decoded.value
  respond(refused(decoded.refusal))
  return undefined
}
