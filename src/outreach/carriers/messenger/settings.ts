/**
 * A page at Messenger as configured.
 */
import { address, fieldsOf, text, textOr } from "../../../channels/settings.ts"

export interface MessengerSettings {
  readonly pageId: string
  readonly accessToken: string
  /** Signs what comes in, and proves that calls are the app's. */
  readonly appSecret: string
  /** Chosen by the merchant; Messenger shows it once, when the webhook is set up. */
  readonly verifyToken: string
  readonly graphUrl: string
  readonly version: string
}

/** Throws an `Error` with one sentence that names the setting. */
export const messengerSettings = (settings: unknown): MessengerSettings => {
  const fields = fieldsOf(settings, "Messenger")
  const pageId = text(fields, "pageId")
  if (!/^\d{1,32}$/.test(pageId)) throw new Error("The setting pageId must be the page's number.")
  const version = textOr(fields, "version", "v23.0")
  if (!/^v\d{1,3}\.\d$/.test(version)) throw new Error("The setting version must be one of the Graph API, as v23.0.")
  return {
    pageId,
    accessToken: text(fields, "accessToken"),
    appSecret: text(fields, "appSecret"),
    verifyToken: text(fields, "verifyToken"),
    graphUrl: fields["graphUrl"] === undefined ? "https://graph.facebook.com" : address(fields, "graphUrl"),
    version
  }
}
