/**
 * Changes of carts to GraphQL subscriptions, by the rules of the socket contract: each is a follower of the cart
 * (`src/carts/followers.ts`), which says what it gets and when. What many followers of a cart are sent is the same text: the
 * one that was encoded last is remembered with each selection.
 */
import type { GraphQLResolveInfo } from "graphql"
import type { CartFollowers, FollowerPort } from "../../carts/followers.ts"
import { type Outlet, source } from "./outlet.ts"
import { resultText } from "./selection.ts"
import { Selections } from "./selections.ts"

interface Wanted {
  readonly cart: string
  readonly have: number
}

export class CartFeed {
  private readonly followers: CartFollowers
  private readonly selections = new Selections<string>((normal) => (frame) => resultText(normal, JSON.parse(frame)))

  constructor(followers: CartFollowers) {
    this.followers = followers
  }

  /** Ends when its client or socket does. */
  subscribe({ cart, have }: Wanted, outlet: Outlet, info: GraphQLResolveInfo): AsyncGenerator<never, void> {
    const selection = this.selections.take(info)
    const port: FollowerPort = {
      send: (frame) => {
        if (frame.startsWith(CART)) outlet.next(selection.encode(frame))
      },
      unsentBytes: () => outlet.socket.unsentBytes()
    }
    const follower = this.followers.join(port)
    const stopListening = outlet.socket.whenDrained(() => this.followers.drained(follower))
    this.followers.follow(follower, [cart], new Map([[cart, have]]))
    return source(() => {
      stopListening()
      this.followers.leave(follower)
      this.selections.release(selection)
    })
  }
}

/** What is said to a shopper beside it (`chat`) is no state of the cart. */
const CART = '{"op":"cart",'
