/**
 * A mail server on this machine: keeps what it is sent, refuses whom it is told to, and breaks off before or after it has
 * taken a message.
 */
import type { AddressInfo } from "node:net"
import { SMTPServer, type SMTPServerSession } from "smtp-server"

export interface KeptMail {
  readonly to: ReadonlyArray<string>
  readonly headers: ReadonlyMap<string, string>
  readonly raw: string
}

/** `before`: when the recipient is named. `after`: the message is kept, and no answer comes. */
export type MailFault = "cut-before" | "cut-after" | "refuse-data"

type Done = (error?: Error | null) => void

export class LocalMail {
  readonly url: string
  readonly mails: Array<KeptMail> = []
  /** Replies to a recipient, as "550 5.1.1 No such user". */
  readonly refusals = new Map<string, string>()
  private readonly faults: Array<MailFault> = []
  private readonly server: SMTPServer

  private constructor(server: SMTPServer, url: string) {
    this.server = server
    this.url = url
  }

  static async start(): Promise<LocalMail> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS"],
      closeTimeout: 100,
      onRcptTo: ({ address }, session, done) => mail.recipient(address, session, done),
      onData: (stream, session, done) => {
        const chunks: Array<Buffer> = []
        stream.on("data", (chunk: Buffer) => chunks.push(chunk))
        stream.on("end", () => mail.take(Buffer.concat(chunks).toString("utf8"), session, done))
      }
    })
    server.on("error", () => undefined)
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve))
    const mail = new LocalMail(server, `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`)
    return mail
  }

  /** For the next messages, in order. */
  ask(...faults: ReadonlyArray<MailFault>): void {
    this.faults.push(...faults)
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()))
  }

  private recipient(address: string, session: SMTPServerSession, done: Done): void {
    if (this.faults[0] === "cut-before") {
      this.faults.shift()
      return this.cut(session)
    }
    done(replyOf(this.refusals.get(address)))
  }

  private take(raw: string, session: SMTPServerSession, done: Done): void {
    const fault = this.faults.shift()
    if (fault === "refuse-data") return done(replyOf("554 5.7.1 Rejected as spam"))
    const [head = ""] = raw.split("\r\n\r\n")
    const lines = head.replace(/\r\n[ \t]+/g, " ").split("\r\n")
    const headers = new Map(
      lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)])
    )
    this.mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), headers, raw })
    if (fault === "cut-after") return this.cut(session)
    done()
  }

  private cut({ id }: SMTPServerSession): void {
    for (const connection of this.server.connections as Set<{
      readonly id: string
      readonly _socket: { destroy(): void }
    }>) {
      if (connection.id === id) connection._socket.destroy()
    }
  }
}

const replyOf = (reply: string | undefined): Error | null => {
  if (reply === undefined) return null
  const [code = "550", ...words] = reply.split(" ")
  return Object.assign(new Error(words.join(" ")), { responseCode: Number(code) })
}
