/**
 * Everything that is said of the hub's addresses, part by part in the order in which the document shows them.
 */
import { access } from "./access.ts"
import { carts } from "./carts.ts"
import { channels } from "./channels.ts"
import { customers } from "./customers.ts"
import type { Part } from "./description.ts"
import { graphql, leakage } from "./elsewhere.ts"
import { hub } from "./hub.ts"
import { carriers, payments } from "./payments.ts"
import { recovery } from "./recovery.ts"
import { history, stock } from "./stock.ts"
import { work } from "./work.ts"

export const PARTS: ReadonlyArray<Part> = [
  { name: "Stock", about: "Facts happened already; requests are answered, and may be refused.", addresses: stock },
  { name: "History", about: "What a SKU was, and how it came to be so.", addresses: history },
  { name: "Work", about: "What people look after.", addresses: work },
  { name: "Channels", about: "Marketplaces and shops that the hub keeps in step.", addresses: channels },
  { name: "Carts", about: "What shoppers are about to buy.", addresses: carts },
  { name: "Payments", about: "What is paid, and goes back.", addresses: payments },
  { name: "Customers", about: "People, and how they may be reached.", addresses: customers },
  { name: "Recovery", about: "What is said to those who left a cart.", addresses: recovery },
  { name: "Carriers", about: "Where those who carry messages call.", addresses: carriers },
  { name: "Access", about: "Who may do what, and what was done.", addresses: access },
  { name: "Leakage", about: "What being late costs.", addresses: leakage },
  { name: "GraphQL", about: "The same hub, asked otherwise.", addresses: graphql },
  { name: "Hub", about: "How the hub is.", addresses: hub }
]

/** What programs call, as one type: the client's calls are typed by it. Carriers call by their own rules, GraphQL has clients of its own. */
export type Addresses = typeof stock &
  typeof history &
  typeof work &
  typeof channels &
  typeof carts &
  typeof payments &
  typeof customers &
  typeof recovery &
  typeof access &
  typeof leakage &
  typeof hub
