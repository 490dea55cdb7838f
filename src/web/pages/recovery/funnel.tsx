/** From carts that were left to carts that were bought, and where the others went. */
import type { Funnel as FunnelFigures } from "../../../recovery/figures-protocol.ts"
import { percent, units } from "../../app/formats.ts"
import { reasonWord } from "./wording.ts"

interface StageProps {
  readonly label: string
  readonly count: number
  readonly of: number
}

const Stage = ({ label, count, of }: StageProps) => (
  <li>
    <span className="stage-label">{label}</span>
    <span className="stage-count">
      {units(count)}
      {of === 0 ? null : <span className="tile-unit"> {percent(count / of)}</span>}
    </span>
    <svg className="stage-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect className="stage-track" width="100" height="6" />
      <rect className="stage-share" width={of === 0 ? 0 : (count / of) * 100} height="6" />
    </svg>
  </li>
)

const ENDINGS: Readonly<Record<string, string>> = { running: "still running" }

const Reasons = ({ title, counts }: { readonly title: string; readonly counts: Readonly<Record<string, number>> }) => {
  const rows = Object.entries(counts).sort((left, right) => right[1] - left[1])
  return rows.length === 0 ? null : (
    <div className="pairs">
      <h3>{title}</h3>
      <dl>
        {rows.map(([reason, count]) => (
          <div key={reason}>
            <dt>{ENDINGS[reason] ?? reasonWord(reason)}</dt>
            <dd>{units(count)}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

export const Funnel = ({ funnel }: { readonly funnel: FunnelFigures }) => {
  const { begun, bought, endings, heldOut, left, withheld, written } = funnel
  if (left === 0) return <p className="quiet">No known customer has left a cart in this time.</p>
  return (
    <>
      <ol className="stages">
        <Stage label="Carts left" count={left} of={left} />
        <Stage label="Recovery begun" count={begun} of={left} />
        <Stage label="Written to" count={written} of={left} />
        <Stage label="Bought, by whichever way" count={bought} of={left} />
      </ol>
      <p className="quiet">{units(heldOut)} left alone by lot, to measure what recovery earns.</p>
      <Reasons title="Nothing was begun because" counts={withheld} />
      <Reasons title="Those begun" counts={endings} />
    </>
  )
}
