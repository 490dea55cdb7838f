/** Changes line by line, each with the command that made it. */
import type { LedgerLine } from "../../../gateway/history-protocol.ts"
import { clockTime, signedUnits, UNKNOWN, units } from "../../app/formats.ts"
import { Box, ofNumbers, Pager, Ready, Table } from "../../app/parts.tsx"
import { usePages } from "../../app/use-pages.ts"
import { besides, changeWords } from "./wording.ts"

const EVERY_MS = 4_000
const SHOWN = 50

const COLUMNS = ["Version", "When", "What", ...ofNumbers("Physical", "Allocated", "Available"), "Command", "Of what"]

const moved = (by: number): string => (by === 0 ? UNKNOWN : signedUnits(by))

interface LinesProps {
  readonly label: string
  readonly lines: ReadonlyArray<LedgerLine>
  readonly shown: number
  readonly onShow: (line: LedgerLine) => void
}

export const Lines = ({ label, lines, shown, onShow }: LinesProps) => (
  <Table label={label} columns={COLUMNS}>
    {lines.map((line) => (
      <tr key={line.version} data-current={line.version === shown || undefined}>
        <td>
          <button
            type="button"
            className="link-button"
            aria-label={`Show version ${line.version}`}
            aria-current={line.version === shown ? "true" : undefined}
            onClick={() => onShow(line)}
          >
            {units(line.version)}
          </button>
        </td>
        <td>{clockTime(Date.parse(line.at))}</td>
        <td>{changeWords(line)}</td>
        <td className="number">{moved(line.physicalBy)}</td>
        <td className="number">{moved(line.allocatedBy)}</td>
        <td className="number detail-strong">{units(line.physical - line.allocated)}</td>
        <td className="code">{line.mutationId}</td>
        <td className="words">{besides(line)}</td>
      </tr>
    ))}
  </Table>
)

interface ChangesProps {
  readonly sku: string
  readonly shown: number
  readonly onShow: (line: LedgerLine) => void
}

export const Changes = ({ sku, shown, onShow }: ChangesProps) => {
  const asked = { names: { sku }, query: { order: "newest" } } as const
  const { list, pages } = usePages("/v1/stock/:sku/ledger", asked, { limit: SHOWN, everyMs: EVERY_MS })
  return (
    <Box id="changes" title="Changes" note="the newest first" isWide={true}>
      <Ready of={list} what="the changes">
        {({ items, next }) => (
          <>
            <Lines label="Changes, the newest first" lines={items} shown={shown} onShow={onShow} />
            <Pager what="the changes" next={next} {...pages} />
          </>
        )}
      </Ready>
    </Box>
  )
}
