/**
 * Dead letters: what could not be applied or delivered, whole, with the reason. A fact can be mended and applied after all; what
 * is let be says why. What a channel did not take stands on its own page.
 */
import type { FactBody } from "../../../gateway/protocol.ts"
import type { LetterItem } from "../../../gateway/work-protocol.ts"
import { ConnectionNotice } from "../../app/connection.tsx"
import { units } from "../../app/formats.ts"
import { NameField, useName } from "../../app/name.tsx"
import { Choices, Notice, Pager, Ready } from "../../app/parts.tsx"
import { Link, useChoice } from "../../app/router.tsx"
import { useActs } from "../../app/use-acts.ts"
import { usePages } from "../../app/use-pages.ts"
import { useReading } from "../../app/use-reading.ts"
import { post } from "../../hub/http.ts"
import { Letter, type LetterActs } from "./letter.tsx"

const EVERY_MS = 4_000
const CHANNELS_EVERY_MS = 10_000
const SHOWN = 20

const STATUSES = ["open", "settled"] as const

export const DeadLettersPage = () => {
  const [status, setStatus] = useChoice("show", STATUSES, "open")
  const { act, isActing, notice, round, tone } = useActs()
  const { name, setName } = useName()
  const { list, pages } = usePages(
    "/v1/dead-letters",
    { query: { status } },
    { limit: SHOWN, everyMs: EVERY_MS, round }
  )
  const namesOf = ({ id }: LetterItem) => ({ id: String(id) })
  const actsOn = (letter: LetterItem): LetterActs => ({
    isActing,
    apply: (sku, fact) =>
      act(async () => {
        await post("/v1/dead-letters/:id/redrive", {
          names: namesOf(letter),
          body: { by: name, sku, fact: fact as FactBody }
        })
        return `Letter ${letter.id} is applied to ${sku}.`
      }),
    discard: (reason) =>
      act(async () => {
        await post("/v1/dead-letters/:id/discard", { names: namesOf(letter), body: { by: name, reason } })
        return `Letter ${letter.id} is let be.`
      })
  })
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
