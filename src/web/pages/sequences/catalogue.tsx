/** What may be offered: each with its name, what it takes off, and what a message says of it. */
import type { CatalogueOffer, IncentivePolicy } from "../../../../actors/recovery/incentive-rules.ts"
import type { OfferTerms } from "../../../../actors/recovery/offer.ts"
import { freeName, replacedAt, withField, withoutAt } from "../../recovery/edit.ts"
import { AmountField, GroupFault, PercentField, SelectField, SignButton, TextField } from "./fields.tsx"

interface CatalogueProps {
  readonly catalogue: IncentivePolicy["catalogue"]
  readonly currency: string
  readonly onChange: (catalogue: IncentivePolicy["catalogue"]) => void
}

export const Catalogue = ({ catalogue, currency, onChange }: CatalogueProps) => {
  const add = (): void => {
    const names = catalogue.map(({ offerKey }) => offerKey)
    onChange([...catalogue, { offerKey: freeName("offer", names), terms: { kind: "percentage", basisPoints: 500 } }])
  }
  return (
    <>
      <GroupFault path="offers.catalogue" />
      <ol className="catalogue" aria-label="Catalogue">
        {catalogue.map((offer, index) => (
          // The name is what is being written here.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={index}>
            <Row
              path={`offers.catalogue[${index}]`}
              of={`offer ${index + 1}`}
              offer={offer}
              currency={currency}
              onChange={(next) => onChange(replacedAt(catalogue, index, next))}
              onRemove={() => onChange(withoutAt(catalogue, index))}
            />
          </li>
        ))}
      </ol>
      <button type="button" className="button" onClick={add}>
        Add an offer
      </button>
    </>
  )
}

const KINDS: ReadonlyArray<readonly [OfferTerms["kind"], string]> = [
  ["free-shipping", "free shipping"],
  ["percentage", "percentage"],
  ["amount", "amount"]
]

/** One kind says nothing of another: it begins anew. */
const termsOf = (kind: string): OfferTerms => {
  switch (kind) {
    case "percentage":
      return { kind, basisPoints: Number.NaN }
    case "amount":
      return { kind, amountMinor: Number.NaN }
    default:
      return { kind: "free-shipping" }
  }
}

interface RowProps {
  readonly path: string
  readonly of: string
  readonly offer: CatalogueOffer
  readonly currency: string
  readonly onChange: (offer: CatalogueOffer) => void
  readonly onRemove: () => void
}

const Row = ({ currency, of, offer, onChange, onRemove, path }: RowProps) => (
  <>
    <TextField
      path={`${path}.offerKey`}
      label={`Name, ${of}`}
      isLabelHidden={true}
      value={offer.offerKey}
      onChange={(offerKey) => onChange({ ...offer, offerKey })}
    />
    <SelectField
      path={`${path}.kind`}
      label={`What ${of} takes off`}
      isLabelHidden={true}
      value={offer.terms.kind}
      options={KINDS}
      onChange={(kind) => onChange({ ...offer, terms: termsOf(kind) })}
    />
    <HowMuch
      path={`${path}.terms`}
      label={`How much, ${of}`}
      terms={offer.terms}
      currency={currency}
      onChange={(terms) => onChange({ ...offer, terms })}
    />
    <TextField
      path={`${path}.says`}
      label={`What is said of ${of}`}
      isLabelHidden={true}
      placeholder="the usual words; else with {code} and {until}"
      value={offer.says ?? ""}
      onChange={(says) => onChange(withField(offer, "says", says))}
    />
    <SignButton label={`Remove ${of}`} sign="×" onClick={onRemove} />
    <GroupFault path={path} />
  </>
)

interface HowMuchProps {
  readonly path: string
  readonly label: string
  readonly terms: OfferTerms
  readonly currency: string
  readonly onChange: (terms: OfferTerms) => void
}

const HowMuch = ({ currency, label, onChange, path, terms }: HowMuchProps) => {
  switch (terms.kind) {
    case "free-shipping":
      return null
    case "percentage":
      return (
        <PercentField
          path={path}
          label={label}
          isLabelHidden={true}
          basisPoints={terms.basisPoints}
          onChange={(basisPoints) => onChange({ ...terms, basisPoints })}
        />
      )
    case "amount":
      return (
        <AmountField
          path={path}
          label={label}
          isLabelHidden={true}
          currency={currency}
          minor={terms.amountMinor}
          onChange={(amountMinor = Number.NaN) => onChange({ ...terms, amountMinor })}
        />
      )
  }
}
