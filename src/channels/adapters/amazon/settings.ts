/**
 * What an operator says about a seller's account at Amazon.
 */
import { address, fieldsOf, text, textOr } from "../../settings.ts"

export interface AmazonSettings {
  readonly sellerId: string
  readonly marketplaceId: string
  /** The Selling Partner API of the account's region. */
  readonly endpoint: string
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
  readonly productType: string
  readonly currency: string | undefined
  /** Where order notifications arrive; absent: orders are only looked for. */
  readonly queue:
    | { readonly url: string; readonly region: string; readonly accessKeyId: string; readonly secretAccessKey: string }
    | undefined
}

/** Throws an `Error` with one sentence. */
export const readSettings = (settings: unknown): AmazonSettings => {
  const fields = fieldsOf(settings, "Amazon")
  const queue = fields["queue"] === undefined ? undefined : fieldsOf(fields["queue"], "Amazon's queue")
  return {
    sellerId: text(fields, "sellerId"),
    marketplaceId: text(fields, "marketplaceId"),
    endpoint: address(fields, "endpoint"),
    tokenUrl: fields["tokenUrl"] === undefined ? "https://api.amazon.com/auth/o2/token" : address(fields, "tokenUrl"),
    clientId: text(fields, "clientId"),
    clientSecret: text(fields, "clientSecret"),
    refreshToken: text(fields, "refreshToken"),
    productType: textOr(fields, "productType", "PRODUCT"),
    currency: fields["currency"] === undefined ? undefined : text(fields, "currency"),
    queue:
      queue === undefined
        ? undefined
        : {
            url: address(queue, "url"),
            region: text(queue, "region"),
            accessKeyId: text(queue, "accessKeyId"),
            secretAccessKey: text(queue, "secretAccessKey")
          }
  }
}
