/** What pages are made of: a titled box, and what stands in it while there is nothing, nothing yet, or nothing newer. */
import type { ReactNode, RefObject } from "react"
import type { Read } from "../hub/reading.ts"
import { clockTime } from "./formats.ts"
import type { Pages } from "./use-pages.ts"

interface BoxProps {
  readonly id: string
  readonly title: string
  /** After the title: what it is about. */
  readonly note?: ReactNode
  /** At the end of the title's line: figures, or what can be done. */
  readonly aside?: ReactNode
  /** Over all columns: a table of many columns. */
  readonly isWide?: boolean
  /** Takes the focus when the box is what somebody asked for. */
  readonly heading?: RefObject<HTMLHeadingElement | null>
  readonly children: ReactNode
}

export const Box = ({ id, title, note, aside, isWide = false, heading, children }: BoxProps) => (
  <section className="box" aria-labelledby={id} data-wide={isWide ? true : undefined}>
    <header className="box-head">
      <h2 id={id} {...(heading === undefined ? {} : { ref: heading, tabIndex: -1 })}>
        {title}
      </h2>
      {note === undefined ? null : <p className="quiet">{note}</p>}
      {aside === undefined || aside === false ? null : <div className="box-aside">{aside}</div>}
    </header>
    {children}
  </section>
)

interface ReadyProps<Value> {
  readonly of: Read<Value>
  /** What is being read, as in "Reading the queue …". */
  readonly what: string
  /** Somebody waits for it: that it failed is said aloud. */
  readonly isAsked?: boolean
  readonly children: (value: Value) => ReactNode
}

/** The newest answer, marked when it is not of now. Boxes that fail together do not all speak up: the connection's state does. */
export const Ready = <Value,>({ of, what, isAsked = false, children }: ReadyProps<Value>) => {
  const { atMs, failure, value } = of
  if (value === undefined) {
    return failure === undefined ? (
      <p className="quiet" aria-busy="true">
        Reading {what} …
      </p>
    ) : (
      <p className="failed" role={isAsked ? "alert" : undefined}>
        {failure}
      </p>
    )
  }
  return (
    <>
      {failure === undefined ? null : (
        <p className="stale">
          As of {clockTime(atMs)}. {failure}
        </p>
      )}
      {children(value)}
    </>
  )
}

interface ColumnOptions {
  readonly label: string
  /** Its head stands over the end of its numbers. */
  readonly isNumber?: boolean
  /** Heard only: of what can be done in a row. */
  readonly isHidden?: boolean
}

export const ofNumbers = (...labels: ReadonlyArray<string>): ReadonlyArray<ColumnOptions> =>
  labels.map((label) => ({ label, isNumber: true }))

interface TableProps {
  /** Said when it is scrolled by the keyboard. */
  readonly label: string
  readonly columns: ReadonlyArray<string | ColumnOptions>
  /** On a phone each row is a card: what is done about it stands under what it is, not far to the right. */
  readonly stacks?: boolean
  /** Rows; the cells of numbers have the class `number`. */
  readonly children: ReactNode
}

/** A table that scrolls within its place where it is too wide for it. */
export const Table = ({ label, columns, stacks = false, children }: TableProps) => (
  <div className="scrolls" data-stacks={stacks || undefined} tabIndex={0} role="group" aria-label={label}>
    <table>
      <thead>
        <tr>
          {columns
            .map((column) => (typeof column === "string" ? { label: column } : column))
            .map(({ isHidden = false, isNumber = false, label: head }: ColumnOptions) => (
              <th key={head} scope="col" className={isNumber ? "number" : undefined}>
                {isHidden ? <span className="visually-hidden">{head}</span> : head}
              </th>
            ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
)

interface PagerProps extends Pages {
  readonly what: string
  readonly next: string | undefined
}

export const Pager = ({ what, isFirst, next, onFirst, onNext }: PagerProps) =>
  isFirst && next === undefined ? null : (
    <nav className="pager" aria-label={`Pages of ${what}`}>
      <button type="button" className="button" disabled={isFirst} onClick={onFirst}>
        To the beginning
      </button>
      <button type="button" className="button" disabled={next === undefined} onClick={() => next && onNext(next)}>
        Next page
      </button>
    </nav>
  )

interface ChoiceProps<Choice extends string> {
  readonly label: string
  readonly choices: ReadonlyArray<Choice>
  readonly chosen: Choice
  readonly word: (choice: Choice) => string
  readonly onChoose: (choice: Choice) => void
}

/** One of a few, as buttons. */
export const Choices = <Choice extends string>({ label, choices, chosen, word, onChoose }: ChoiceProps<Choice>) => (
  <div className="choices" role="group" aria-label={label}>
    {choices.map((choice) => (
      <button
        key={choice}
        type="button"
        className="button"
        aria-pressed={choice === chosen}
        onClick={() => onChoose(choice)}
      >
        {word(choice)}
      </button>
    ))}
  </div>
)

/** What was done, or why not: at the foot of the page, in sight wherever it is scrolled to. */
export const Notice = ({ notice, tone }: { readonly notice: string | undefined; readonly tone: "good" | "bad" }) => (
  <p className="page-foot page-notice" role="status" data-tone={notice === undefined ? undefined : tone}>
    {notice}
  </p>
)
