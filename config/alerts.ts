/**
 * Where alerts go, from the environment. None set: nowhere. Half set: one sentence that says what is missing.
 */

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
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"])

/** Throws `WrongAlerts`. */
export const readAlertSinks = (environment: NodeJS.ProcessEnv): AlertSinks => {
  const given = (name: string): string | undefined => (environment[name] === "" ? undefined : environment[name])
  const both = (name: string, needed: string): string => {
    const value = given(needed)
    if (value === undefined) throw new WrongAlerts(`${name} is set, so ${needed} must be set too.`)
    return value
  }
  const url = (name: string, value: string): string => {
    const read = URL.canParse(value) ? new URL(value) : undefined
    const isAllowed = read?.protocol === "https:" || (read?.protocol === "http:" && LOOPBACK.has(read.hostname))
    if (!isAllowed) throw new WrongAlerts(`${name} must be an https address.`)
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
