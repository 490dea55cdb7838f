/**
 * The ways to customers, read from a file: which carrier, with what settings, how patient.
 *
 * Secrets need not stand in the file: `{"env": "NAME"}` anywhere in a carrier's settings is taken from the environment.
 * Everything that is wrong is said in one sentence that names the carrier and the field.
 */
import { isEncryptedOrHere } from "./address.ts"
import { fieldReader } from "./fields.ts"

export const CARRIER_KINDS = ["twilio", "messenger", "email"] as const
export type CarrierKind = (typeof CARRIER_KINDS)[number]

export interface CarrierConfig {
  /** Names the carrier in the addresses of its webhooks: `[a-z0-9-]`, at most 32. */
  readonly name: string
  readonly kind: CarrierKind
  readonly settings: unknown
  /** What is given of `baseMs`, `factor`, `maxMs`, `retriesMax`. */
  readonly backoff: Readonly<Record<string, number>>
  /** Calls under way at once. */
  readonly concurrencyMax: number
  /** Past this a call is taken to be lost. */
  readonly callMsMax: number
  /** A message waits for the carrier's limit no longer than so. */
  readonly throttledMsMax: number
  /** A message whose answer was lost is looked for so soon: what a carrier was just given it may not list yet. */
  readonly lookAfterMs: number
  /** After so long a message that the carrier does not list was never sent. */
  readonly graceMs: number
}

export interface OutreachConfig {
  /** Where carriers and customers reach this hub, without a slash at the end. */
  readonly publicUrl: string
  readonly carriers: ReadonlyArray<CarrierConfig>
}

/** The file does not do; the message says where and what to write instead. */
export class WrongOutreach extends Error {
  override readonly name = "WrongOutreach"
}

export const NO_OUTREACH: OutreachConfig = { publicUrl: "", carriers: [] }

const CARRIERS_MAX = 32
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/
const HOUR_MS = 3_600_000

const { fieldsOf, numberOf, numbersOf, parsed, withSecrets } = fieldReader((message) => new WrongOutreach(message))

const backoff = { baseMs: [1, HOUR_MS], factor: [1, 10], maxMs: [1, HOUR_MS], retriesMax: [0, 20] } as const

/** Reads the text of an outreach file. Throws `WrongOutreach`. */
export const readOutreach = (text: string, environment: NodeJS.ProcessEnv): OutreachConfig => {
  const fields = parsed(text, "The outreach file")
  const { carriers } = fields
  if (!Array.isArray(carriers) || carriers.length > CARRIERS_MAX) {
    throw new WrongOutreach(`The outreach file must have "carriers" as an array of at most ${CARRIERS_MAX}.`)
  }
  const read = carriers.map((carrier, index) => readCarrier(carrier, index, environment))
  const names = new Set<string>()
  for (const { name } of read) {
    if (names.has(name)) throw new WrongOutreach(`There are two carriers named ${name}; their webhooks would meet.`)
    names.add(name)
  }
  return { publicUrl: publicUrlOf(fields["publicUrl"]), carriers: read }
}

/** A query or a fragment: nothing can be written behind it. */
const hasMore = ({ search, hash }: URL): boolean => search !== "" || hash !== ""

/** Customers and carriers follow it, so it is encrypted, unless it is this machine. */
const publicUrlOf = (value: unknown): string => {
  if (typeof value !== "string" || !isEncryptedOrHere(value) || hasMore(new URL(value))) {
    throw new WrongOutreach("The outreach file needs publicUrl: the https address under which this hub is reached.")
  }
  return value.replace(/\/+$/, "")
}

const readCarrier = (value: unknown, index: number, environment: NodeJS.ProcessEnv): CarrierConfig => {
  const fields = fieldsOf(value, `Carrier ${index + 1}`)
  const { name } = fields
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new WrongOutreach(`Carrier ${index + 1}: name must be 1 to 32 of a-z, 0-9 and dash, and begin with no dash.`)
  }
  const where = `The carrier ${name}`
  const kind = CARRIER_KINDS.find((one) => one === fields["kind"])
  if (kind === undefined) throw new WrongOutreach(`${where}: kind must be one of ${CARRIER_KINDS.join(", ")}.`)
  return {
    name,
    kind,
    settings: withSecrets(fields["settings"] ?? {}, where, environment),
    backoff: numbersOf(fields["backoff"], `${where}: backoff`, backoff),
    concurrencyMax: numberOf(fields, "concurrencyMax", where, 8, 1, 256),
    callMsMax: numberOf(fields, "callMsMax", where, 15_000, 1, 120_000),
    throttledMsMax: numberOf(fields, "throttledMsMax", where, 60_000, 0, HOUR_MS),
    lookAfterMs: numberOf(fields, "lookAfterMs", where, 1_000, 0, HOUR_MS),
    graceMs: numberOf(fields, "graceMs", where, 60_000, 0, HOUR_MS)
  }
}
