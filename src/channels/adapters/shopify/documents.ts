/**
 * The GraphQL documents, and the shapes of what they bring. The tests check each document with Shopify's own schema.
 */

export interface UserError {
  readonly field: ReadonlyArray<string> | null
  readonly message: string
  readonly code: string | null
}

interface PageInfo {
  readonly hasNextPage: boolean
  readonly endCursor: string
}

interface Variant {
  readonly legacyResourceId: string
  readonly sku: string | null
  readonly inventoryItem: {
    readonly id: string
    readonly inventoryLevel: { readonly quantities: ReadonlyArray<{ readonly quantity: number }> } | null
  }
}

const VARIANT = `
fragment Stock on ProductVariant {
  legacyResourceId
  sku
  inventoryItem {
    id
    inventoryLevel(locationId: $location) {
      quantities(names: ["available"]) { quantity }
    }
  }
}`

export const variants = `
query HoldfastVariants($first: Int!, $after: String, $location: ID!) {
  productVariants(first: $first, after: $after) {
    nodes { ...Stock }
    pageInfo { hasNextPage endCursor }
  }
}
${VARIANT}`

export interface VariantsData {
  readonly productVariants: { readonly nodes: ReadonlyArray<Variant>; readonly pageInfo: PageInfo }
}

export const levels = `
query HoldfastLevels($ids: [ID!]!, $location: ID!) {
  nodes(ids: $ids) { ...Stock }
}
${VARIANT}`

export interface LevelsData {
  readonly nodes: ReadonlyArray<Variant | null>
}

export const setQuantities = `
mutation HoldfastSetQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    userErrors { field message code }
  }
}`

export interface SetData {
  readonly inventorySetQuantities: { readonly userErrors: ReadonlyArray<UserError> }
}

export const orders = `
query HoldfastOrders($first: Int!, $after: String, $query: String!) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes {
      legacyResourceId
      name
      createdAt
      currencyCode
      lineItems(first: 250) {
        nodes {
          id
          quantity
          variant { legacyResourceId }
          originalUnitPriceSet { shopMoney { amount } }
        }
      }
      refunds {
        legacyResourceId
        createdAt
        refundLineItems(first: 250) {
          nodes { id quantity restockType lineItem { variant { legacyResourceId } } }
        }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`

export interface OrderNode {
  readonly legacyResourceId: string
  readonly name: string
  readonly createdAt: string
  readonly currencyCode: string
  readonly lineItems: {
    readonly nodes: ReadonlyArray<{
      readonly id: string
      readonly quantity: number
      readonly variant: { readonly legacyResourceId: string } | null
      readonly originalUnitPriceSet: { readonly shopMoney: { readonly amount: string } }
    }>
  }
  readonly refunds: ReadonlyArray<{
    readonly legacyResourceId: string
    readonly createdAt: string
    readonly refundLineItems: {
      readonly nodes: ReadonlyArray<{
        readonly id: string
        readonly quantity: number
        readonly restockType: string
        readonly lineItem: { readonly variant: { readonly legacyResourceId: string } | null }
      }>
    }
  }>
}

export interface OrdersData {
  readonly orders: { readonly nodes: ReadonlyArray<OrderNode>; readonly pageInfo: PageInfo }
}

export const subscriptions = `
query HoldfastSubscriptions($first: Int!) {
  webhookSubscriptions(first: $first) { nodes { topic uri } }
}`

export interface SubscriptionsData {
  readonly webhookSubscriptions: { readonly nodes: ReadonlyArray<{ readonly topic: string; readonly uri: string }> }
}

export const subscribe = `
mutation HoldfastSubscribe($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
    userErrors { field message }
  }
}`

export interface SubscribeData {
  readonly webhookSubscriptionCreate: { readonly userErrors: ReadonlyArray<{ readonly message: string }> }
}
