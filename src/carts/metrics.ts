/**
 * What `/metrics` tells of the carts.
 */
import { Counter, Gauge, type Registry } from "prom-client"
import type { CartsShape } from "./layer.ts"

export const cartMetrics = (registry: Registry, { host, steps, window }: CartsShape): void => {
  const gauge = (name: string, help: string, read: () => number): void => {
    const made: Gauge = new Gauge({
      name: `holdfast_cart${name}`,
      help,
      registers: [registry],
      collect: () => made.set(read())
    })
  }
  gauge("s", "Carts known.", () => host.book.size)
  gauge("s_awake", "Carts whose actor is awake.", () => host.book.awakeCount)
  gauge(
    "_deadlines",
    "Carts with a deadline: that will count as left, or whose hold will end.",
    () => host.book.deadlines.size
  )
  gauge("_steps_waiting", "Carts that wait for the stock.", () => steps.depth)
  gauge(
    "_window_found_total",
    "Idle carts that the timers had missed and the rolling window found.",
    () => window.found
  )
  gauge("_turns_total", "Turns taken.", () => host.stats.turns)
  gauge("_mailbox_depth", "Mail that waits for a turn.", () => host.depth)
  const results = new Counter({
    name: "holdfast_cart_commands_total",
    help: "Answers given by carts, by result.",
    labelNames: ["result"],
    registers: [registry],
    collect: () => {
      results.reset()
      for (const [result, count] of host.stats.results) results.inc({ result }, count)
    }
  })
}
