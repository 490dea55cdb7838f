/** One dead letter: why it is one, what was in it, and the two ways to settle it. */
import { type SyntheticEvent, useId, useState } from "react"
import type { Asked } from "../../../client/http-client.ts"
import type { FactBody } from "../../../gateway/protocol.ts"
import { kindOfLetter, type LetterItem, type LetterKind, type LetterSettled } from "../../../gateway/work-protocol.ts"
import { timeOf } from "../../app/formats.ts"
import { messageOf } from "../../hub/http.ts"

type CartFactBody = NonNullable<Asked<"post", "/v1/dead-letters/:id/redrive">["body"]["cartFact"]>

/** What is sent in place of what the letter says; nothing: it is tried again as it came. */
export type Mended =
  | { readonly sku: string; readonly fact: FactBody }
  | { readonly cart: string; readonly cartFact: CartFactBody }
  | Readonly<Record<string, never>>

export interface LetterActs {
  readonly isActing: boolean
  /** Each answers whether it was done. */
  readonly redrive: (mended: Mended) => Promise<boolean>
  readonly discard: (reason: string) => Promise<boolean>
}

interface LetterProps {
  readonly letter: LetterItem
  readonly acts: LetterActs
}

/** The last token of the subject, as the hub encodes it. */
const skuIn = (subject: string): string => {
  try {
    return decodeURIComponent(subject.slice(subject.lastIndexOf(".") + 1))
  } catch {
    return ""
  }
}

/** As somebody would write it, where it can be read at all. */
const readable = (body: string): string => {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}

const KIND_WORDS: Readonly<Record<LetterKind, string>> = {
  fact: "Stock fact",
  "cart-fact": "Cart fact",
  "payment-fact": "Payment",
  channel: "Write to a channel",
  alert: "Alert"
}

/** A channel's and an alert's with the name behind it. */
const sourceWords = (kind: LetterKind, source = ""): string =>
  `${KIND_WORDS[kind]}${source.startsWith(`${kind}-`) ? ` (${source.slice(kind.length + 1)})` : ""}`

export const Letter = ({ letter, acts }: LetterProps) => {
  const { at, body, code, id, message, path, settled, source, subject } = letter
  const heading = useId()
  const kind = kindOfLetter(source)
  const isMendable = kind === "fact" || kind === "cart-fact"
  return (
    <li className="box letter" aria-labelledby={heading}>
      <header className="box-head">
        <h2 id={heading}>{message}</h2>
        <p className="quiet letter-of">
          {sourceWords(kind, source)} for <span className="code-word">{skuIn(subject)}</span>, {timeOf(at)}, letter {id}
          , {code}
          {path === undefined ? "" : ` at ${path}`}
        </p>
      </header>
      {settled === undefined && isMendable ? (
        <Mend letter={letter} isCart={kind === "cart-fact"} acts={acts} />
      ) : (
        <pre className="letter-body" tabIndex={0} role="group" aria-label={`Text of letter ${id}`}>
          {readable(body)}
        </pre>
      )}
      {settled === undefined && !isMendable ? <Again letter={letter} kind={kind} acts={acts} /> : null}
      {settled === undefined ? (
        <Discard letter={letter} acts={acts} />
      ) : (
        <p className="quiet">{settledWords(settled)}</p>
      )}
    </li>
  )
}

const settledWords = ({ act, at, by, mutationId, reason }: LetterSettled): string =>
  act === "redriven"
    ? `Tried again and taken by ${by}, ${timeOf(at)}, as ${mutationId}.`
    : `Let be by ${by}, ${timeOf(at)}: ${reason}`

const WHAT_HAPPENS: Readonly<Record<Exclude<LetterKind, "fact" | "cart-fact">, string>> = {
  "payment-fact": "What Stripe told is applied to the cart as it came; it cannot be changed.",
  channel: "The channel is told the hub’s number of now, whatever stands here.",
  alert: "An alert is of its moment and is not sent again: what it was about stands on its own page."
}

interface AgainProps extends LetterProps {
  readonly kind: Exclude<LetterKind, "fact" | "cart-fact">
}

/** Of what is not to be mended. */
const Again = ({ letter: { id }, kind, acts }: AgainProps) => (
  <div className="mend-row">
    {kind === "alert" ? null : (
      <button
        type="button"
        className="button button-main"
        aria-label={`Try again: letter ${id}`}
        disabled={acts.isActing}
        onClick={() => void acts.redrive({})}
      >
        Try again
      </button>
    )}
    <p className="quiet">{WHAT_HAPPENS[kind]}</p>
  </div>
)

interface MendProps extends LetterProps {
  readonly isCart: boolean
}

const Mend = ({ letter: { body, id, subject }, isCart, acts }: MendProps) => {
  const [name, setName] = useState(() => skuIn(subject))
  const [text, setText] = useState(() => readable(body))
  const [fault, setFault] = useState<string | undefined>()
  const fields = useId()
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault()
    let fact: unknown
    try {
      fact = JSON.parse(text)
    } catch (error) {
      setFault(`That is no JSON: ${messageOf(error)}`)
      return
    }
    setFault(undefined)
    // What is wrong with it the hub says, in words that are shown.
    void acts.redrive(
      isCart ? { cart: name.trim(), cartFact: fact as CartFactBody } : { sku: name.trim(), fact: fact as FactBody }
    )
  }
  return (
    <form className="mend" onSubmit={onSubmit}>
      <textarea
        aria-label={`Fact of letter ${id}`}
        aria-invalid={fault !== undefined}
        aria-describedby={fault === undefined ? undefined : `${fields}-fault`}
        rows={Math.min(12, text.split("\n").length + 1)}
        spellCheck={false}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      {fault === undefined ? null : (
        <p id={`${fields}-fault`} className="field-fault" role="alert">
          {fault}
        </p>
      )}
      <div className="mend-row">
        <label className="tool-field">
          {isCart ? "Cart" : "SKU"}
          <input maxLength={128} required={true} value={name} onChange={({ target }) => setName(target.value)} />
        </label>
        <button type="submit" className="button button-main" disabled={acts.isActing}>
          Apply
        </button>
      </div>
    </form>
  )
}

const Discard = ({ letter: { id }, acts }: LetterProps) => {
  const [reason, setReason] = useState("")
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault()
    void acts.discard(reason.trim())
  }
  return (
    <form className="mend-row" onSubmit={onSubmit}>
      <input
        aria-label={`Why letter ${id} is let be`}
        placeholder="Why it is let be"
        required={true}
        maxLength={500}
        value={reason}
        onChange={({ target }) => setReason(target.value)}
      />
      <button type="submit" className="button" disabled={acts.isActing}>
        Discard
      </button>
    </form>
  )
}
