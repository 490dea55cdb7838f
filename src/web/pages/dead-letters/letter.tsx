/** One dead letter: why it is one, what was in it, and the two ways to settle it. */
import { type SyntheticEvent, useId, useState } from "react"
import type { LetterItem, LetterSettled } from "../../../gateway/work-protocol.ts"
import { timeOf } from "../../app/formats.ts"
import { messageOf } from "../../hub/http.ts"

export interface LetterActs {
  readonly isActing: boolean
  /** Each answers whether it was done. */
  readonly apply: (sku: string, fact: unknown) => Promise<boolean>
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

const SOURCES: Readonly<Record<string, string>> = {
  fact: "Stock fact",
  "cart-fact": "Cart fact",
  "payment-fact": "Payment"
}

const sourceWords = (source = "fact"): string => SOURCES[source] ?? source.replace("-", " ")

export const Letter = ({ letter, acts }: LetterProps) => {
  const { at, body, code, id, message, path, settled, source, subject } = letter
  const heading = useId()
  const isFact = (source ?? "fact") === "fact"
  return (
    <li className="box letter" aria-labelledby={heading}>
      <header className="box-head">
        <h2 id={heading}>{message}</h2>
        <p className="quiet letter-of">
          {sourceWords(source)} for <span className="code-word">{skuIn(subject)}</span>, {timeOf(at)}, letter {id},{" "}
          {code}
          {path === undefined ? "" : ` at ${path}`}
        </p>
      </header>
      {settled === undefined && isFact ? (
        <Mend letter={letter} acts={acts} />
      ) : (
        <pre className="letter-body" tabIndex={0} role="group" aria-label={`Text of letter ${id}`}>
          {readable(body)}
        </pre>
      )}
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
    ? `Applied by ${by}, ${timeOf(at)}, as ${mutationId}.`
    : `Let be by ${by}, ${timeOf(at)}: ${reason}`

const Mend = ({ letter: { body, id, subject }, acts }: LetterProps) => {
  const [sku, setSku] = useState(() => skuIn(subject))
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
    void acts.apply(sku.trim(), fact)
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
          SKU
          <input maxLength={128} required={true} value={sku} onChange={({ target }) => setSku(target.value)} />
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
