/** What all parts of the page share: a titled box, and what stands in it while there is nothing, nothing yet, or nothing newer. */
import type { ReactNode } from "react"
import { clockTime } from "../../app/formats.ts"
import type { Read } from "../../hub/reading.ts"
import type { Pages } from "./use-pages.ts"

interface BoxProps {
  readonly id: string
  readonly title: string
  /** Beside the title. */
  readonly aside?: ReactNode
  /** Over both columns: a table of many columns. */
  readonly isWide?: boolean
  readonly children: ReactNode
}

export const Box = ({ id, title, aside, isWide = false, children }: BoxProps) => (
  <section className="box" aria-labelledby={id} data-wide={isWide ? true : undefined}>
    <header className="box-head">
      <h2 id={id}>{title}</h2>
      {aside}
    </header>
    {children}
  </section>
)

interface ReadyProps<Value> {
  readonly of: Read<Value>
  /** What is being read, as in "Reading the queue …". */
  readonly what: string
  readonly children: (value: Value) => ReactNode
}

/** The newest answer, marked when it is not of now. */
export const Ready = <Value,>({ of: { atMs, failure, value }, what, children }: ReadyProps<Value>) => {
  if (value === undefined) {
    return failure === undefined ? (
      <p className="box-quiet" aria-busy="true">
        Reading {what} …
      </p>
    ) : (
      <p className="box-failed" role="alert">
        {failure}
      </p>
    )
  }
  return (
    <>
      {failure === undefined ? null : (
        <p className="box-stale" role="status">
          As of {clockTime(atMs)}. {failure}
        </p>
      )}
      {children(value)}
    </>
  )
}

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
