/**
 * E-mail over SMTP.
 */
import { createTransport } from "nodemailer"
import type { AlertSinks } from "../../../config/alerts.ts"
import { linesOf, type Sink, titleOf } from "../sink.ts"

const TIMEOUT_MS = 10_000
const SUBJECT_LENGTH_MAX = 200

export const emailSink = ({ to, from, smtpUrl }: NonNullable<AlertSinks["email"]>): Sink => {
  const transport = createTransport(smtpUrl, { from, to })
  return {
    name: "email",
    deliver: async (delivery, signal) => {
      try {
        const subject = `Holdfast: ${titleOf(delivery)}`.replace(/[\r\n]+/g, " ").slice(0, SUBJECT_LENGTH_MAX)
        const sent = transport.sendMail({ subject, text: `${linesOf(delivery).join("\n")}\n` })
        await Promise.race([sent, ended(signal)])
        return { ok: true }
      } catch (cause) {
        const { responseCode } = cause as { readonly responseCode?: number }
        // 5xx is for good; what has no code never spoke with the server.
        const isFinal = responseCode !== undefined && responseCode >= 500
        const said = responseCode === undefined ? "cannot be reached" : `answered ${responseCode}`
        return { ok: false, isFinal, message: `The mail server ${said}.` }
      }
    },
    close: () => transport.close()
  }
}

const ended = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new Error("timeout")), TIMEOUT_MS)
    timer.unref()
    signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true })
  })
