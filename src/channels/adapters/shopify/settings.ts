/**
 * What an operator says about a Shopify shop.
 */
import { address, fieldsOf, text, textOr } from "../../settings.ts"

export interface ShopifySettings {
  /** `example.myshopify.com`: what webhooks must come from. */
  readonly shop: string
  /** Where the Admin API is; for a shop of one's own it follows from `shop`. */
  readonly baseUrl: string
  readonly apiVersion: string
  readonly accessToken: string
  readonly webhookSecret: string
  /** The location whose stock is told, as its number. */
  readonly locationId: string
  /** Orders in another currency are kept for a person to look at; absent: any. */
  readonly currency: string | undefined
  /** Where webhooks are to go; absent: subscriptions are not looked after. */
  readonly callbackUrl: string | undefined
}

const API_VERSION = "2026-07"
/** Since this version a quantity is compared and a write has a key; older ones are not spoken. */
const API_VERSION_MIN = "2026-04"

/** Throws an `Error` with one sentence. */
export const readSettings = (settings: unknown): ShopifySettings => {
  const fields = fieldsOf(settings, "Shopify")
  const shop = text(fields, "shop")
  const apiVersion = textOr(fields, "apiVersion", API_VERSION)
  if (!/^\d{4}-\d{2}$/.test(apiVersion) || apiVersion < API_VERSION_MIN) {
    throw new Error(`The setting apiVersion must be ${API_VERSION_MIN} or newer.`)
  }
  const locationId = text(fields, "locationId")
  if (!/^\d+$/.test(locationId)) throw new Error("The setting locationId must be the location's number as a text.")
  return {
    shop,
    baseUrl: fields["baseUrl"] === undefined ? `https://${shop}` : address(fields, "baseUrl"),
    apiVersion,
    accessToken: text(fields, "accessToken"),
    webhookSecret: text(fields, "webhookSecret"),
    locationId,
    currency: fields["currency"] === undefined ? undefined : text(fields, "currency"),
    callbackUrl: fields["callbackUrl"] === undefined ? undefined : address(fields, "callbackUrl")
  }
}
