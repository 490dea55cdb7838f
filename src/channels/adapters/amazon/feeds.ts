/**
 * Quantities by feed, for many at once: "accepted" is not "applied", so each feed is a ticket that is asked for until its
 * processing report says which of its messages were refused.
 */
import { gunzipSync } from "node:zlib"
import {
  type AdapterContext,
  failed,
  type QuantityWrite,
  type Result,
  succeeded,
  type TicketResult
} from "../../adapter.ts"
import { callChannel } from "../../http-call.ts"
import { idOf, isObject, objectsOf } from "../../json-body.ts"
import type { Operations } from "./operations.ts"
import type { AmazonSettings } from "./settings.ts"

const FEED_TYPE = "JSON_LISTINGS_FEED"
const CONTENT_TYPE = "application/json; charset=UTF-8"

export class Feeds {
  private readonly settings: AmazonSettings
  private readonly operations: Operations
  private readonly context: AdapterContext

  constructor(settings: AmazonSettings, operations: Operations, context: AdapterContext) {
    this.settings = settings
    this.operations = operations
    this.context = context
  }

  /** Answers the feed's id. */
  async submit(writes: ReadonlyArray<QuantityWrite>, signal: AbortSignal): Promise<Result<string>> {
    // Feeds are the scarcest: no document is made and filled for one that cannot be.
    const waitMs = this.operations.untilMs("createFeed")
    if (waitMs > 0) {
      return failed({ kind: "throttled", message: "Amazon's limit of createFeed is used up.", retryAfterMs: waitMs })
    }
    const made = await this.operations.call("createFeedDocument", {
      method: "POST",
      path: "/feeds/2021-06-30/documents",
      body: { contentType: CONTENT_TYPE },
      signal
    })
    if (!made.ok) return made
    const { feedDocumentId, url } = made.value.body
    if (typeof feedDocumentId !== "string" || typeof url !== "string") return strange("gave no document")
    const headers = { "content-type": CONTENT_TYPE }
    const body = JSON.stringify(this.document(writes))
    const uploaded = await callChannel(this.context.fetch, { method: "PUT", url, headers, body, signal })
    if (!uploaded.ok) return uploaded
    if (uploaded.value.status >= 300) return strange(`did not take the document (${uploaded.value.status})`)
    const created = await this.operations.call("createFeed", {
      method: "POST",
      path: "/feeds/2021-06-30/feeds",
      body: { feedType: FEED_TYPE, marketplaceIds: [this.settings.marketplaceId], inputFeedDocumentId: feedDocumentId },
      signal
    })
    if (!created.ok) return created
    const feedId = idOf(created.value.body["feedId"])
    return feedId === undefined ? strange("made no feed") : succeeded(feedId)
  }

  async result(feedId: string, signal: AbortSignal): Promise<Result<TicketResult>> {
    const path = `/feeds/2021-06-30/feeds/${encodeURIComponent(feedId)}`
    const found = await this.operations.call("getFeed", { method: "GET", path, signal })
    if (!found.ok) return found
    const { processingStatus, resultFeedDocumentId } = found.value.body
    if (processingStatus === "FATAL" || processingStatus === "CANCELLED") {
      return succeeded({ ticket: feedId, state: "failed", message: `Amazon ended the feed as ${processingStatus}.` })
    }
    if (processingStatus !== "DONE") return succeeded({ ticket: feedId, state: "pending" })
    if (typeof resultFeedDocumentId !== "string") return succeeded({ ticket: feedId, state: "done" })
    const report = await this.report(resultFeedDocumentId, signal)
    if (!report.ok) return report
    const rejected = objectsOf(report.value).flatMap((issue) => {
      const listingId = idOf(issue["sku"])
      if (issue["severity"] !== "ERROR" || listingId === undefined) return []
      return [{ listingId, code: String(issue["code"]), message: String(issue["message"]).slice(0, 300) }]
    })
    return succeeded({ ticket: feedId, state: "done", rejected })
  }

  private document(writes: ReadonlyArray<QuantityWrite>): object {
    const { sellerId, productType } = this.settings
    return {
      header: { sellerId, version: "2.0", issueLocale: "en_US" },
      messages: writes.map(({ listingId, quantity }, index) => ({
        messageId: index + 1,
        sku: listingId,
        operationType: "PARTIAL_UPDATE",
        productType,
        attributes: { fulfillment_availability: [{ fulfillment_channel_code: "DEFAULT", quantity }] }
      }))
    }
  }

  private async report(documentId: string, signal: AbortSignal): Promise<Result<unknown>> {
    const path = `/feeds/2021-06-30/documents/${encodeURIComponent(documentId)}`
    const found = await this.operations.call("getFeedDocument", { method: "GET", path, signal })
    if (!found.ok) return found
    const { url, compressionAlgorithm } = found.value.body
    if (typeof url !== "string") return strange("has no report")
    try {
      const response = await this.context.fetch(url, { signal })
      if (!response.ok) return strange(`did not hand over the report (${response.status})`)
      const bytes = Buffer.from(await response.arrayBuffer())
      const text = (compressionAlgorithm === "GZIP" ? gunzipSync(bytes) : bytes).toString("utf8")
      const report = JSON.parse(text) as unknown
      return succeeded(isObject(report) ? report["issues"] : undefined)
    } catch {
      return strange("handed over a report that cannot be read")
    }
  }
}

const strange = (what: string) => failed({ kind: "unavailable", message: `Amazon ${what}.` })
