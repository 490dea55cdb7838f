/**
 * Channels' far sides in a process of its own: each POST's arrival is written down per channel, SKU and quantity.
 * `GET /` hands over what arrived and forgets it; `/sick` never answers.
 */
import { createServer } from "node:http"
import { endWithParent } from "../bench/end-with-parent.ts"

interface Arrived {
  readonly channel: string
  readonly sku: string
  readonly quantity: number
  /** Milliseconds since the epoch, with fractions. */
  readonly at: number
}

endWithParent()
let arrived: Array<Arrived> = []

const server = createServer((request, response) => {
  const at = performance.timeOrigin + performance.now()
  const channel = (request.url ?? "/").slice(1)
  if (request.method === "GET") {
    response.end(JSON.stringify(arrived))
    arrived = []
    return
  }
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    if (channel === "sick") return
    for (const { sku, quantity } of JSON.parse(Buffer.concat(chunks).toString()) as ReadonlyArray<Arrived>) {
      arrived.push({ channel, sku, quantity, at })
    }
    response.end("{}")
  })
})
server.listen(Number(process.argv[2]), "127.0.0.1", () => process.stdout.write("ready\n"))
