/**
 * Where alerts go, from the environment. None set: nowhere. Half set: one sentence that says what is missing.
 */
import { isEncryptedOrHere } from "./address.ts"
import { told } from "./setting.ts"

export interface AlertSinks {
  readonly webhook?: { readonly url: string; readonly secret: string }
  readonly slack?: { readonly url: string }
  readonly pagerduty?: { readonly key: string; readonly url: string }
  readonly email?: { readonly to: string; readonly from: string; readonly smtpUrl: string }
}

/** The message names the variable. */
export class WrongAlerts extends Error {
  override readonly name = "WrongAlerts"
}

const PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue"

export const alertSettings = [
  told("ALERT_WEBHOOK_URL", "an https address", "Gets every alert, signed (Standard Webhooks).", { secret: true }),
  told("ALERT_WEBHOOK_SECRET", "a text", "What they are signed with.", { secret: true }),
  told("ALERT_SLACK_URL", "an https address", "An incoming webhook of Slack; whoever has it can write there.", {
    secret: true
  }),
  told("ALERT_PAGERDUTY_KEY", "a text", "The routing key of a PagerDuty service.", { secret: true }),
  told("ALERT_PAGERDUTY_URL", "an https address", "Another Events API.", { otherwise: PAGERDUTY_URL }),
  told("ALERT_EMAIL_TO", "an address of mail", "Gets every alert as a mail."),
  told("ALERT_EMAIL_FROM", "an address of mail", "Who it is from; needed for mails."),
  told("SMTP_URL", "an address", "The mail server, `smtps://user:password@host`; needed for mails.", { secret: true })
]

/** Throws `WrongAlerts`. */
export const readAlertSinks = (environment: NodeJS.ProcessEnv): AlertSinks => {
  const given = (name: string): string | undefined => (environment[name] === "" ? undefined : environment[name])
  const both = (name: string, needed: string): string => {
    const value = given(needed)
    if (value === undefined) throw new WrongAlerts(`${name} is set, so ${needed} must be set too.`)
    return value
  }
  const url = (name: string, value: string): string => {
    if (!isEncryptedOrHere(value)) throw new WrongAlerts(`${name} must be an https address.`)
    return value
  }
  const webhook = given("ALERT_WEBHOOK_URL")
  const slack = given("ALERT_SLACK_URL")
  const key = given("ALERT_PAGERDUTY_KEY")
  const to = given("ALERT_EMAIL_TO")
  return {
    ...(webhook === undefined
      ? {}
      : {
          webhook: {
            url: url("ALERT_WEBHOOK_URL", webhook),
            secret: both("ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_SECRET")
          }
        }),
    ...(slack === undefined ? {} : { slack: { url: url("ALERT_SLACK_URL", slack) } }),
    ...(key === undefined
      ? {}
      : { pagerduty: { key, url: url("ALERT_PAGERDUTY_URL", given("ALERT_PAGERDUTY_URL") ?? PAGERDUTY_URL) } }),
    ...(to === undefined
      ? {}
      : {
          email: { to, from: both("ALERT_EMAIL_TO", "ALERT_EMAIL_FROM"), smtpUrl: both("ALERT_EMAIL_TO", "SMTP_URL") }
        })
  }
}
