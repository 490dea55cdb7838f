/**
 * The sinks that are configured.
 */
import type { AlertSinks } from "../../../config/alerts.ts"
import type { Sink } from "../sink.ts"
import { emailSink } from "./email.ts"
import { pagerdutySink } from "./pagerduty.ts"
import { slackSink } from "./slack.ts"
import { webhookSink } from "./webhook.ts"

/** Throws an `Error` with one sentence when a secret is none. */
export const sinksOf = ({ webhook, slack, pagerduty, email }: AlertSinks): ReadonlyArray<Sink> => [
  ...(webhook === undefined ? [] : [webhookSink(webhook)]),
  ...(slack === undefined ? [] : [slackSink(slack)]),
  ...(pagerduty === undefined ? [] : [pagerdutySink(pagerduty)]),
  ...(email === undefined ? [] : [emailSink(email)])
]
