/**
 * Stripe's objects, made after the samples that Stripe gives of them.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { projectRoot } from "../../src/servers/servers.ts"

export type StripeObject = Readonly<Record<string, unknown>> & { readonly id: string; readonly object: string }

type Sample = "checkout.session" | "payment_intent" | "charge" | "refund" | "event"

let samples: Readonly<Record<Sample, StripeObject>> | undefined

/** A sample with its own values put in. */
export const like = (name: Sample, values: Readonly<Record<string, unknown>>): StripeObject => {
  const path = join(projectRoot(), "data", "specs", "stripe", "objects-2026-07-29.json")
  samples ??= JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<Sample, StripeObject>>
  return { ...samples[name], ...values }
}
