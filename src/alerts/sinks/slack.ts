/**
 * Slack's incoming webhooks: a text for notifications, and blocks for the channel.
 */
import type { AlertSinks } from "../../../config/alerts.ts"
import { alertsOf, linesOf, post, type Sink, titleOf } from "../sink.ts"

/** What Slack takes in one section. */
const SECTION_LENGTH_MAX = 3_000
const MARKS = { critical: ":rotating_light:", warning: ":warning:", info: ":information_source:" } as const

/** Slack reads these three as markup. */
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

export const slackSink = ({ url }: NonNullable<AlertSinks["slack"]>): Sink => ({
  name: "slack",
  deliver: (delivery, signal) => {
    const [first] = alertsOf(delivery)
    const isOver = delivery.type === "one" && delivery.alert.state === "cleared"
    const mark = isOver ? ":white_check_mark:" : MARKS[first?.severity ?? "info"]
    const text = escaped(titleOf(delivery))
    const detail = escaped(linesOf(delivery).join("\n")).slice(0, SECTION_LENGTH_MAX)
    const blocks = [
      { type: "section", text: { type: "mrkdwn", text: `${mark} *${text}*`.slice(0, SECTION_LENGTH_MAX) } },
      { type: "context", elements: [{ type: "mrkdwn", text: detail }] }
    ]
    return post(url, { "content-type": "application/json" }, JSON.stringify({ text, blocks }), signal)
  }
})
