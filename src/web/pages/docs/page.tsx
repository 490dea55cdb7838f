/** Every address of the hub over HTTP, what it takes and what it answers, as its OpenAPI document tells. */
import { useDeferredValue, useMemo, useState } from "react"
import { ConnectionNotice } from "../../app/connection.tsx"
import { Box, Ready } from "../../app/parts.tsx"
import { useReading } from "../../app/use-reading.ts"
import { type OpenApi, partsOf } from "../../docs/document.ts"
import type { Read } from "../../hub/reading.ts"
import { Address } from "./address.tsx"

/** It changes with the hub's release only. */
const EVERY_MS = 10 * 60_000

export const DocsPage = () => {
  const [search, setSearch] = useState("")
  const document = useReading("/v1/openapi.json", {}, EVERY_MS) as Read<unknown> as Read<OpenApi>
  return (
    <div className="page">
      <h1 className="visually-hidden">HTTP API</h1>
      <ConnectionNotice />
      <div className="page-body">
        <div className="page-tools">
          <input
            type="search"
            className="tool-search"
            aria-label="Search addresses"
            placeholder="reserve, /v1/carts, post …"
            value={search}
            onChange={({ target }) => setSearch(target.value)}
          />
          <a href="/v1/openapi.json">OpenAPI 3.1</a>
        </div>
        <Ready of={document} what="the addresses" isAsked={true}>
          {(value) => <Parts document={value} search={search} />}
        </Ready>
      </div>
    </div>
  )
}

const Parts = ({ document, search }: { readonly document: OpenApi; readonly search: string }) => {
  const wanted = useDeferredValue(search)
  const parts = useMemo(() => partsOf(document, wanted), [document, wanted])
  if (parts.length === 0) return <p className="quiet">No address speaks of “{wanted}”.</p>
  return parts.map(({ about, addresses, name }) => (
    <Box key={name} id={`docs-${name}`} title={name} note={about}>
      <div className="addresses">
        {addresses.map((address) => (
          <Address key={address.operation.operationId} address={address} schemas={document.components.schemas} />
        ))}
      </div>
    </Box>
  ))
}
