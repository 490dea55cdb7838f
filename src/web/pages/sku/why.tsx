/** "Why is this number 3?": two moments, and what made the one of the other, down to each command. */
import { useState } from "react"
import type { Cause, LedgerLine, StockDifference } from "../../../gateway/history-protocol.ts"
import { signedUnits, timeOf, units } from "../../app/formats.ts"
import { Box, ofNumbers, Pager, Ready, Table } from "../../app/parts.tsx"
import { useLasting, useReading } from "../../app/use-reading.ts"
import { Lines } from "./changes.tsx"
import { availableOf } from "./picture.ts"
import { causeWords } from "./wording.ts"

const EVERY_MS = 4_000
const SHOWN = 50

interface WhyProps {
  readonly sku: string
  /** Versions; 0 is before the first change. */
  readonly from: number
  readonly to: number
  readonly onFrom: (version: number) => void
  readonly onShow: (line: LedgerLine) => void
}

export const Why = ({ sku, from, to, onFrom, onShow }: WhyProps) => {
  const difference = useLasting(
    useReading("/v1/stock/:sku/difference", { names: { sku }, query: { from, to } }, EVERY_MS)
  )
  return (
    <Box
      id="why"
      title={difference.value === undefined ? "Why?" : `Why is it ${units(availableOf(difference.value.to))}?`}
      aside={
        <div className="choices" role="group" aria-label="Compared with">
          <button type="button" className="button" aria-pressed={from === 0} onClick={() => onFrom(0)}>
            The beginning
          </button>
          <button
            type="button"
            className="button"
            disabled={to < 2}
            aria-pressed={to > 1 && from === to - 1}
            onClick={() => onFrom(to - 1)}
          >
            The change before
          </button>
        </div>
      }
    >
      <Ready of={difference} what="the difference">
        {(value) => (
          <>
            <p className="why-sum">{sumOf(value)}</p>
            <Causes difference={value} />
            {value.to.version === value.from.version ? null : (
              <Traced key={`${from} ${to}`} sku={sku} from={from} to={to} onShow={onShow} />
            )}
          </>
        )}
      </Ready>
    </Box>
  )
}

const sumOf = ({ from, to }: StockDifference): string => {
  const when = from.version === 0 ? "Before its first change" : `At version ${units(from.version)}`
  const at = timeOf(to.at)
  const [before, after] = [availableOf(from), availableOf(to)]
  const change = before === after ? `and still ${units(after)}` : `then ${units(after)}`
  return `${when} ${units(before)} were available, ${change} at version ${units(to.version)}, ${at}.`
}

const COLUMNS = ["What", { label: "Share", isHidden: true }, ...ofNumbers("Physical", "Allocated", "Available")]
const BAR = { width: 84, height: 8 } as const

const Causes = ({ difference: { causes } }: { readonly difference: StockDifference }) => {
  if (causes.length === 0) return <p className="quiet">Nothing changed between the two.</p>
  const most = Math.max(1, ...causes.map(({ physical, allocated }) => Math.abs(physical - allocated)))
  return (
    <Table label="What made the difference" columns={COLUMNS}>
      {causes.map((cause) => (
        <tr key={`${cause.type} ${cause.channel}`}>
          <th scope="row">{causeWords(cause)}</th>
          <td>
            <Bar cause={cause} most={most} />
          </td>
          <td className="number">{signedUnits(cause.physical)}</td>
          <td className="number">{signedUnits(cause.allocated)}</td>
          <td className="number detail-strong">{signedUnits(cause.physical - cause.allocated)}</td>
        </tr>
      ))}
    </Table>
  )
}

/** From the middle to the right what added, to the left what took. */
const Bar = ({ cause, most }: { readonly cause: Cause; readonly most: number }) => {
  const by = cause.physical - cause.allocated
  const middle = BAR.width / 2
  const long = (Math.abs(by) / most) * middle
  return (
    <svg
      className="why-bar"
      viewBox={`0 0 ${BAR.width} ${BAR.height}`}
      width={BAR.width}
      height={BAR.height}
      aria-hidden="true"
    >
      <rect className="stage-track" width={BAR.width} height={BAR.height} rx="2" />
      <rect
        data-way={by < 0 ? "down" : "up"}
        x={by < 0 ? middle - long : middle}
        width={long}
        height={BAR.height}
        rx="2"
      />
    </svg>
  )
}

const Traced = ({ sku, from, to, onShow }: Omit<WhyProps, "onFrom">) => {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>Every change between the two, with its command</summary>
      {isOpen ? <Between sku={sku} from={from} to={to} onShow={onShow} /> : null}
    </details>
  )
}

const Between = ({ sku, from, to, onShow }: Omit<WhyProps, "onFrom">) => {
  const [after, setAfter] = useState<string | undefined>()
  const query = { limit: SHOWN, after: after ?? String(from), until: to }
  const list = useReading("/v1/stock/:sku/ledger", { names: { sku }, query }, EVERY_MS)
  return (
    <Ready of={list} what="the changes">
      {({ items, next }) => (
        <>
          <Lines label="Changes between the two, the first one first" lines={items} shown={to} onShow={onShow} />
          <Pager
            what="the changes between the two"
            next={next}
            isFirst={after === undefined}
            onFirst={() => setAfter(undefined)}
            onNext={setAfter}
          />
        </>
      )}
    </Ready>
  )
}
