/**
 * A Messenger on this machine: the Graph API's sending and conversations in the shapes of its documentation, signed
 * webhooks with echoes and deliveries, the handshake, and errors, faults and throttling as it is told or by a seed.
 */
import { createHmac } from "node:crypto"
import { Faults, type HttpAnswer, type HttpRequest, serveMarketplace } from "../../marketplaces/marketplace.ts"

export const PAGE_ID = "104509912345678"
export const ACCESS_TOKEN = "page-token-of-this-machine"
export const APP_SECRET = "app-secret-of-this-machine"
export const VERIFY_TOKEN = "verify-token-of-this-machine"

const TEXT_LENGTH_MAX = 2_000
const METADATA_LENGTH_MAX = 1_000
const MESSAGING_TYPES = new Set(["RESPONSE", "UPDATE", "MESSAGE_TAG"])

export interface KeptNote {
  readonly mid: string
  readonly psid: string
  readonly text: string
  readonly metadata: string | undefined
  readonly isInbound: boolean
  readonly atMs: number
}

export interface GraphRefusal {
  readonly status: number
  readonly code: number
  readonly subcode?: number
  readonly message: string
}

export class LocalMessenger {
  url = ""
  readonly faults = new Faults()
  /** What in the calls was not as documented; empty when all were right. */
  readonly violations: Array<string> = []
  readonly notes: Array<KeptNote> = []
  /** What is said to this person is refused. */
  readonly refusals = new Map<string, GraphRefusal>()
  calls = 0
  private readonly nowMs: () => number
  private closeServer: () => Promise<void> = async () => undefined

  private constructor(nowMs: () => number) {
    this.nowMs = nowMs
  }

  static async start(options: { readonly nowMs?: () => number } = {}): Promise<LocalMessenger> {
    const messenger = new LocalMessenger(options.nowMs ?? Date.now)
    const served = await serveMarketplace({
      faults: messenger.faults,
      handle: (request) => messenger.handle(request),
      throttled: () => refusal({ status: 400, code: 613, message: "Calls to this api have exceeded the rate limit." }),
      unauthorized: () => refusal({ status: 400, code: 190, message: "Invalid OAuth access token." }),
      broken: () => refusal({ status: 500, code: 2, message: "An unexpected error has occurred." })
    })
    messenger.url = served.url
    messenger.closeServer = served.close
    return messenger
  }

  close(): Promise<void> {
    return this.closeServer()
  }

  sent(psid?: string): ReadonlyArray<KeptNote> {
    return this.notes.filter((note) => !note.isInbound && (psid === undefined || note.psid === psid))
  }

  /** As when a webhook is set up. */
  async handshake(url: string, verifyToken: string): Promise<{ readonly status: number; readonly body: string }> {
    const query = new URLSearchParams({
      "hub.mode": "subscribe",
      "hub.verify_token": verifyToken,
      "hub.challenge": "1158201444"
    })
    const response = await fetch(`${url}?${query.toString()}`)
    return { status: response.status, body: await response.text() }
  }

  /** A customer writes. */
  async write(url: string, psid: string, text: string): Promise<number> {
    const note = this.keep({ psid, text, metadata: undefined, isInbound: true })
    const message = { mid: note.mid, text }
    return this.post(url, { sender: { id: psid }, recipient: { id: PAGE_ID }, timestamp: note.atMs, message })
  }

  async echo(url: string, { atMs, metadata, mid, psid, text }: KeptNote): Promise<number> {
    const message = { is_echo: true, app_id: 1517776481860111, metadata, mid, text }
    return this.post(url, { sender: { id: PAGE_ID }, recipient: { id: psid }, timestamp: atMs, message })
  }

  async deliver(url: string, { mid, psid }: KeptNote): Promise<number> {
    const delivery = { mids: [mid], watermark: this.nowMs() }
    return this.post(url, { sender: { id: psid }, recipient: { id: PAGE_ID }, delivery })
  }

  private async post(url: string, event: object): Promise<number> {
    const body = JSON.stringify({ object: "page", entry: [{ id: PAGE_ID, time: this.nowMs(), messaging: [event] }] })
    const signature = createHmac("sha256", APP_SECRET).update(body).digest("hex")
    const headers = { "content-type": "application/json", "x-hub-signature-256": `sha256=${signature}` }
    const response = await fetch(url, { method: "POST", headers, body })
    await response.arrayBuffer()
    return response.status
  }

  private handle({ method, url, headers, body }: HttpRequest): HttpAnswer {
    this.calls++
    if (headers.authorization !== `Bearer ${ACCESS_TOKEN}`) {
      return refusal({ status: 400, code: 190, message: "Invalid OAuth access token." })
    }
    const proof = createHmac("sha256", APP_SECRET).update(ACCESS_TOKEN).digest("hex")
    if (url.searchParams.get("appsecret_proof") !== proof) {
      return refusal({ status: 400, code: 100, message: "Invalid appsecret_proof provided in the API argument" })
    }
    const path = url.pathname.replace(/^\/v\d+\.\d\//, "")
    if (method === "POST" && path === `${PAGE_ID}/messages`) return this.send(JSON.parse(body.toString("utf8")))
    if (method === "GET" && path === `${PAGE_ID}/conversations`) return this.conversations(url.searchParams)
    this.violations.push(`${method} ${url.pathname}`)
    return refusal({ status: 400, code: 2500, message: "Unknown path components" })
  }

  private send(body: unknown): HttpAnswer {
    const { recipient, messaging_type, message } = body as {
      readonly recipient?: { readonly id?: unknown }
      readonly messaging_type?: unknown
      readonly message?: { readonly text?: unknown; readonly metadata?: unknown }
    }
    const psid = recipient?.id
    const { text, metadata } = message ?? {}
    const wrong = [
      typeof psid === "string" ? [] : ["recipient.id must be a text"],
      MESSAGING_TYPES.has(String(messaging_type)) ? [] : ["messaging_type is none"],
      typeof text === "string" && text !== "" && text.length <= TEXT_LENGTH_MAX ? [] : ["message.text does not do"],
      metadata === undefined || (typeof metadata === "string" && metadata.length <= METADATA_LENGTH_MAX)
        ? []
        : ["message.metadata does not do"]
    ].flat()
    this.violations.push(...wrong)
    if (wrong.length > 0 || typeof psid !== "string" || typeof text !== "string") {
      return refusal({ status: 400, code: 100, message: wrong.join("; ") })
    }
    const refused = this.refusals.get(psid)
    if (refused !== undefined) return refusal(refused)
    const note = this.keep({ psid, text, metadata: metadata as string | undefined, isInbound: false })
    return { status: 200, body: { recipient_id: psid, message_id: note.mid } }
  }

  private conversations(query: URLSearchParams): HttpAnswer {
    const psid = query.get("user_id")
    if (
      query.get("platform") !== "messenger" ||
      !/^messages\.limit\(\d+\)\{[\w,]+\}$/.test(query.get("fields") ?? "")
    ) {
      this.violations.push("conversations need platform and fields")
    }
    const own = this.notes.filter((note) => note.psid === psid)
    if (own.length === 0) return { status: 200, body: { data: [] } }
    const data = own.toReversed().map(({ atMs, isInbound, mid, text }) => ({
      id: mid,
      created_time: new Date(atMs).toISOString().replace(/\.\d+Z$/, "+0000"),
      from: { id: isInbound ? psid : PAGE_ID, name: "A Name" },
      message: text
    }))
    return { status: 200, body: { data: [{ id: `t_${psid}`, messages: { data } }] } }
  }

  private keep(given: Omit<KeptNote, "mid" | "atMs">): KeptNote {
    const note = { ...given, mid: `m_${this.notes.length + 1}`, atMs: this.nowMs() }
    this.notes.push(note)
    return note
  }
}

const refusal = ({ status, code, subcode, message }: GraphRefusal): HttpAnswer => ({
  status,
  body: {
    error: {
      message,
      type: "OAuthException",
      code,
      ...(subcode === undefined ? {} : { error_subcode: subcode }),
      fbtrace_id: "AbCdEf123"
    }
  }
})
