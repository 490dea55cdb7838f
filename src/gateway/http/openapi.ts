/**
 * `GET /v1/openapi.json`: the document of all addresses, this one included.
 */
import { openApiDocument } from "../openapi/document.ts"
import { PARTS } from "../openapi/parts.ts"
import { type Entry, PUBLIC } from "./entry.ts"

const METHOD = "get"
const PATTERN = "/v1/openapi.json"

/** Made while the hub starts: it takes as long as hundreds of requests. */
export const withOpenApi = (entries: ReadonlyArray<Entry>): ReadonlyArray<Entry> => {
  const addresses = entries.map(([method, pattern, action]) => [method, pattern, action] as const)
  const body = JSON.stringify(openApiDocument([...addresses, [METHOD, PATTERN, PUBLIC]], PARTS))
  const response = { status: 200, contentType: "application/json; charset=utf-8", body }
  return [...entries, [METHOD, PATTERN, PUBLIC, (_request, respond) => respond(response)]]
}
