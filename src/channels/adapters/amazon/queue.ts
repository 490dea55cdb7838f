/**
 * Amazon's notification queue (SQS, JSON protocol, requests signed by the library aws4fetch): which orders have changed.
 * A message is deleted only with the next poll, when what it led to is stored; until then it comes again.
 */
import { AwsClient } from "aws4fetch"
import { type AdapterContext, type CallFailure, failed, type Result, succeeded } from "../../adapter.ts"
import { type CallAnswer, callChannel } from "../../http-call.ts"
import { idOf, isObject, objectsOf, parseJson } from "../../json-body.ts"
import type { AmazonSettings } from "./settings.ts"

const MESSAGES_MAX = 10
/** The queue holds its answer back so long for something to tell; less than a call may take. */
const WAIT_SECONDS = 5

export interface Notified {
  readonly orderIds: ReadonlyArray<string>
  /** To be handed to `settle` once what the orders say is stored. */
  readonly receipts: ReadonlyArray<string>
}

export class NotificationQueue {
  private readonly url: string
  private readonly client: AwsClient
  private readonly context: AdapterContext

  constructor(queue: NonNullable<AmazonSettings["queue"]>, context: AdapterContext) {
    this.url = queue.url
    this.context = context
    const { accessKeyId, secretAccessKey, region } = queue
    this.client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "sqs", retries: 0 })
  }

  async receive(signal: AbortSignal): Promise<Result<Notified>> {
    const body = { QueueUrl: this.url, MaxNumberOfMessages: MESSAGES_MAX, WaitTimeSeconds: WAIT_SECONDS }
    const result = await this.call("ReceiveMessage", body, signal)
    if (!result.ok) return result
    const messages = isObject(result.value) ? objectsOf(result.value["Messages"]) : []
    const orderIds = messages.flatMap((message) => orderIdOf(message["Body"]) ?? [])
    const receipts = messages.flatMap((message) => idOf(message["ReceiptHandle"], 2_048) ?? [])
    return succeeded({ orderIds: [...new Set(orderIds)], receipts })
  }

  async settle(receipts: ReadonlyArray<string>, signal: AbortSignal): Promise<Result<unknown>> {
    if (receipts.length === 0) return succeeded(undefined)
    const entries = receipts.map((receipt, index) => ({ Id: String(index), ReceiptHandle: receipt }))
    return this.call("DeleteMessageBatch", { QueueUrl: this.url, Entries: entries }, signal)
  }

  private async call(action: string, content: object, signal: AbortSignal): Promise<Result<unknown>> {
    const body = JSON.stringify(content)
    const headers = { "x-amz-target": `AmazonSQS.${action}`, "content-type": "application/x-amz-json-1.0" }
    const signed = await this.client.sign(this.url, { method: "POST", headers, body })
    const result = await callChannel(this.context.fetch, {
      method: "POST",
      url: this.url,
      headers: Object.fromEntries(signed.headers),
      body,
      signal
    })
    if (result.ok && result.value.status < 300) return succeeded(result.value.body)
    const failure = result.ok ? refusedBy(result.value) : result.failure
    return failed({ ...failure, isElsewhere: true, message: `The notification queue: ${failure.message}` })
  }
}

/** SQS says 400 also to keys that do not do; the type of its error says which. */
const refusedBy = ({ status, body }: CallAnswer): CallFailure => {
  const type = isObject(body) ? String(body["__type"] ?? "") : ""
  const isKeys = /AccessDenied|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClient|InvalidAccessKey/.test(
    type
  )
  const said = `it answered ${status} ${type.split("#").at(-1) ?? ""}`.trim()
  return isKeys
    ? { kind: "unauthorized", message: `its keys do not do; look at queue.accessKeyId (${said}).` }
    : { kind: "unavailable", message: `${said}.` }
}

/** Of an ORDER_CHANGE notification; others are passed over. */
const orderIdOf = (body: unknown): string | undefined => {
  const notification = typeof body === "string" ? parseJson(Buffer.from(body)) : undefined
  if (!isObject(notification) || notification["NotificationType"] !== "ORDER_CHANGE") return undefined
  const payload = notification["Payload"]
  const change = isObject(payload) ? payload["OrderChangeNotification"] : undefined
  return isObject(change) ? idOf(change["AmazonOrderId"]) : undefined
}
