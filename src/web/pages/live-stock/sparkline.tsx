/** The last changes of one SKU as a line. Decoration for the eye: the numbers beside it say the same. */
import { stepPath, scaleOf } from "../../app/sparkline.ts"
import { HISTORY_CHANGES_MAX } from "../../stock/history.ts"
import type { History } from "../../stock/history.ts"

const SIZE = { width: 112, height: 22, padding: 3 } as const

export const availablesOf = (history: History): ReadonlyArray<number> =>
  Array.from({ length: history.length }, (_, index) => history.available(index))

export const Sparkline = ({ history }: { readonly history: History }) => {
  const values = availablesOf(history)
  const last = values.at(-1)
  if (last === undefined || values.length < 2) return <span className="sparkline-none" aria-hidden="true" />
  return (
    <svg className="sparkline" viewBox={`0 0 ${SIZE.width} ${SIZE.height}`} aria-hidden="true" focusable="false">
      <path d={stepPath(values, HISTORY_CHANGES_MAX, SIZE)} />
      <circle cx={SIZE.width - SIZE.padding} cy={scaleOf(values, SIZE)(last)} r="2" />
    </svg>
  )
}
