/**
 * Dead letters: what could not be applied or delivered, whole, with the reason. Facts of stock and carts can be mended and
 * applied after all, the others tried again as they came, where that makes sense; what is let be says why.
 */
import { kindOfLetter, LETTER_KINDS, type LetterItem, type LettersRedriven } from "../../../gateway/work-protocol.ts"
import { ConnectionNotice } from "../../app/connection.tsx"
import { units } from "../../app/formats.ts"
import { NameField, useName } from "../../app/name.tsx"
import { Choices, Notice, Pager, Ready } from "../../app/parts.tsx"
import { Link, useChoice } from "../../app/router.tsx"
import { useActs } from "../../app/use-acts.ts"
import { usePages } from "../../app/use-pages.ts"
import { useReading } from "../../app/use-reading.ts"
import { post } from "../../hub/http.ts"
import { Letter, type LetterActs, type Mended } from "./letter.tsx"

const EVERY_MS = 4_000
const CHANNELS_EVERY_MS = 10_000
const SHOWN = 20

const STATUSES = ["open", "settled"] as const

const KINDS = ["all", ...LETTER_KINDS] as const

const KIND_WORDS: Readonly<Record<(typeof KINDS)[number], string>> = {
  all: "All kinds",
  fact: "Stock",
  "cart-fact": "Carts",
  "payment-fact": "Payments",
  channel: "Channels",
  alert: "Alerts"
}

const doneWords = (id: number, mended: Mended): string => {
  if ("sku" in mended) return `Letter ${id} is applied to ${mended.sku}.`
  return "cart" in mended
    ? `Letter ${id} is applied to the cart ${mended.cart}.`
    : `Letter ${id} was tried again, and taken.`
}

const manyWords = ({ redriven, refused }: LettersRedriven): string => {
  const [first] = refused
  const taken = `${units(redriven.length)} were taken`
  return first === undefined
    ? `${taken}.`
    : `${taken}, ${units(refused.length)} were not: letter ${first.id}, for one: ${first.message}`
}

export const DeadLettersPage = () => {
  const [status, setStatus] = useChoice("show", STATUSES, "open")
  const [kind, setKind] = useChoice("kind", KINDS, "all")
  const { act, isActing, notice, round, tone } = useActs()
  const { name, setName } = useName()
  const { list, pages } = usePages(
    "/v1/dead-letters",
    { query: kind === "all" ? { status } : { status, kind } },
    { limit: SHOWN, everyMs: EVERY_MS, round }
  )
  const namesOf = ({ id }: LetterItem) => ({ id: String(id) })
  const actsOn = (letter: LetterItem): LetterActs => ({
    isActing,
    redrive: (mended) =>
      act(async () => {
        await post("/v1/dead-letters/:id/redrive", { names: namesOf(letter), body: { by: name, ...mended } })
        return doneWords(letter.id, mended)
      }),
    discard: (reason) =>
      act(async () => {
        await post("/v1/dead-letters/:id/discard", { names: namesOf(letter), body: { by: name, reason } })
        return `Letter ${letter.id} is let be.`
      })
  })
  const redriveAll = (ids: ReadonlyArray<number>): void =>
    void act(async () => manyWords(await post("/v1/dead-letters/redrive", { body: { ids, by: name } })))
  return (
    <div className="page">
      <h1 className="visually-hidden">Dead letters</h1>
      <ConnectionNotice />
      <div className="page-body">
        <div className="page-tools">
          <Choices
            label="Show"
            choices={STATUSES}
            chosen={status}
            word={(choice) => ({ open: "Open", settled: "Settled" })[choice]}
            onChoose={setStatus}
          />
          <Kinds chosen={kind} onChoose={setKind} />
          {status === "open" ? (
            <Many letters={list.value?.items ?? []} isActing={isActing} onRedrive={redriveAll} />
          ) : null}
          <NameField name={name} onName={setName} />
          <OfChannels />
        </div>
        <Ready of={list} what="the dead letters">
          {({ items, next }) => (
            <>
              {items.length === 0 ? <None status={status} /> : null}
              <ol className="letters" aria-label="Dead letters">
                {items.map((letter) => (
                  <Letter key={letter.id} letter={letter} acts={actsOn(letter)} />
                ))}
              </ol>
              <Pager what="the dead letters" next={next} {...pages} />
            </>
          )}
        </Ready>
      </div>
      <Notice notice={notice} tone={tone} />
    </div>
  )
}

interface KindsProps {
  readonly chosen: (typeof KINDS)[number]
  readonly onChoose: (kind: (typeof KINDS)[number]) => void
}

const Kinds = ({ chosen, onChoose }: KindsProps) => (
  <label className="tool-field">
    Kind
    <select value={chosen} onChange={({ target }) => onChoose(KINDS.find((one) => one === target.value) ?? "all")}>
      {KINDS.map((one) => (
        <option key={one} value={one}>
          {KIND_WORDS[one]}
        </option>
      ))}
    </select>
  </label>
)

interface ManyProps {
  readonly letters: ReadonlyArray<LetterItem>
  readonly isActing: boolean
  readonly onRedrive: (ids: ReadonlyArray<number>) => void
}

/** All on this page that can be tried again, as they came: once what stood in their way is gone. */
const Many = ({ letters, isActing, onRedrive }: ManyProps) => {
  const ids = letters.filter(({ source }) => kindOfLetter(source) !== "alert").map(({ id }) => id)
  if (ids.length < 2) return null
  return (
    <button type="button" className="button" disabled={isActing} onClick={() => onRedrive(ids)}>
      Try these {units(ids.length)} again
    </button>
  )
}

const None = ({ status }: { readonly status: (typeof STATUSES)[number] }) => (
  <div className="none">
    <h2>{status === "open" ? "No letter is open" : "None was settled yet"}</h2>
    <p>
      {status === "open"
        ? "A fact that cannot be read, or whose mutation id stands for something else, is kept here whole, with the reason."
        : "Letters that somebody has applied or let be are listed here, with who and why."}
    </p>
  </div>
)

/** How many listings channels have given up, and the way there. */
const OfChannels = () => {
  const { value } = useReading("/v1/channels", {}, CHANNELS_EVERY_MS)
  const given = (value?.channels ?? []).filter(({ deadLetters }) => deadLetters > 0)
  if (given.length === 0) return null
  return (
    <p className="quiet">
      Channels have given up:{" "}
      {given.map(({ deadLetters, name }) => (
        <Link key={name} href={`/channels?channel=${encodeURIComponent(name)}`} className="spaced-link">
          {`${units(deadLetters)} on ${name}`}
        </Link>
      ))}
    </p>
  )
}
