/** The rules of offers that hold for every sequence: what may be offered, what it may cost, and who is made none. */
import { INCENTIVES_DEFAULT, type IncentivePolicy } from "../../../../actors/recovery/incentive-rules.ts"
import { Box } from "../../app/parts.tsx"
import { amountOf, minorOf } from "../../recovery/amount.ts"
import { withField } from "../../recovery/edit.ts"
import { Catalogue } from "./catalogue.tsx"
import { DurationField, GroupFault, NumberField, TextField } from "./fields.tsx"

interface OffersProps {
  /** `null`: none are made; `undefined`: a version of before has no word of them. */
  readonly offers: IncentivePolicy | null | undefined
  readonly onChange: (offers: IncentivePolicy | null) => void
}

/** With the zone of who is sitting here; what nobody else can know is asked for. */
const begun = (): IncentivePolicy => ({
  ...INCENTIVES_DEFAULT,
  currency: "",
  zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
  shippingCostMinor: Number.NaN
})

export const OfferRules = ({ offers, onChange }: OffersProps) => (
  <Box
    id="offers-title"
    title="Offers"
    note="For steps with which one may go. A change is for offers that are decided from then on."
    aside={
      offers === null || offers === undefined ? (
        <button type="button" className="button" onClick={() => onChange(begun())}>
          Make offers
        </button>
      ) : (
        <button type="button" className="button" onClick={() => onChange(null)}>
          Make no more offers
        </button>
      )
    }
  >
    <GroupFault path="offers" />
    {offers === null || offers === undefined ? (
      <p className="quiet">Nothing is offered.</p>
    ) : (
      <Rules offers={offers} onChange={onChange} />
    )}
  </Box>
)

interface RulesProps {
  readonly offers: IncentivePolicy
  readonly onChange: (offers: IncentivePolicy) => void
}

const Rules = ({ offers, onChange }: RulesProps) => (
  <>
    <h3>What it may cost</h3>
    <Costs offers={offers} onChange={onChange} />
    <h3>What may be offered</h3>
    <Catalogue
      catalogue={offers.catalogue}
      currency={offers.currency}
      onChange={(catalogue) => onChange({ ...offers, catalogue })}
    />
    <h3>How long, and how often</h3>
    <HowOften offers={offers} onChange={onChange} />
    <h3>Who is made none</h3>
    <WhoIsNot offers={offers} onChange={onChange} />
  </>
)

const Costs = ({ offers, onChange }: RulesProps) => (
  <div className="field-grid">
    <TextField
      path="offers.currency"
      label="Currency of offers"
      hint="Carts in others get none."
      placeholder="such as GBP"
      value={offers.currency}
      onChange={(currency) => onChange({ ...offers, currency: currency.toUpperCase() })}
    />
    <AmountField
      name="dailyBudgetMinor"
      label="A day's budget"
      hint="All offers of a day together."
      offers={offers}
      onChange={onChange}
    />
    <TextField
      path="offers.zone"
      label="Whose day"
      hint="It ends at midnight there."
      placeholder="such as Europe/London"
      value={offers.zone}
      onChange={(zone) => onChange({ ...offers, zone })}
    />
    <NumberField
      path="offers.marginFloorBasisPoints"
      label="Margin that must remain"
      hint="Of the price without its tax."
      unit="%"
      step={0.01}
      value={offers.marginFloorBasisPoints / 100}
      onChange={(percent) => onChange({ ...offers, marginFloorBasisPoints: Math.round(percent * 100) })}
    />
    <NumberField
      path="offers.costBasisPoints"
      label="What goods cost"
      hint="Of their price; empty: only where the cart says it."
      unit="%"
      step={0.01}
      value={(offers.costBasisPoints ?? Number.NaN) / 100}
      onChange={(percent) =>
        onChange(withField(offers, "costBasisPoints", Number.isNaN(percent) ? undefined : Math.round(percent * 100)))
      }
    />
    <AmountField name="shippingCostMinor" label="Sending an order costs" offers={offers} onChange={onChange} />
  </div>
)

const HowOften = ({ offers, onChange }: RulesProps) => (
  <div className="field-grid">
    <DurationField
      path="offers.offerTtlMs"
      label="An offer holds for"
      valueMs={offers.offerTtlMs}
      onChange={(offerTtlMs) => onChange({ ...offers, offerTtlMs })}
    />
    <CountField name="offersPerCustomerMax" label="At most, to a customer" offers={offers} onChange={onChange} />
    <DurationField
      path="offers.offersWindowMs"
      label="Within"
      valueMs={offers.offersWindowMs}
      onChange={(offersWindowMs) => onChange({ ...offers, offersWindowMs })}
    />
  </div>
)

const WhoIsNot = ({ offers, onChange }: RulesProps) => (
  <div className="field-grid">
    <AmountField name="goodsMinimumMinor" label="Carts below" offers={offers} onChange={onChange} />
    <CountField
      name="scarceUnits"
      label="Goods with so few left"
      hint="Beside the cart's own."
      offers={offers}
      onChange={onChange}
    />
    <CountField name="loyalOrders" label="Bought so often" offers={offers} onChange={onChange} />
    <AmountField name="loyalRevenueMinor" label="Or for so much" offers={offers} onChange={onChange} />
    <ShareField
      name="loyalDiscountShare"
      label="With at most so many reduced"
      hint="Of their orders: they buy anyway."
      offers={offers}
      onChange={onChange}
    />
    <ShareField name="discountShareMax" label="More orders reduced than" offers={offers} onChange={onChange} />
    <ShareField name="returnShareMax" label="More sent back than" offers={offers} onChange={onChange} />
  </div>
)

interface RuleProps<Name extends keyof IncentivePolicy> extends RulesProps {
  readonly name: Name
  readonly label: string
  readonly hint?: string
}

type AmountName = "dailyBudgetMinor" | "shippingCostMinor" | "goodsMinimumMinor" | "loyalRevenueMinor"

const AmountField = ({ hint, label, name, offers, onChange }: RuleProps<AmountName>) => (
  <NumberField
    path={`offers.${name}`}
    label={label}
    {...(hint === undefined ? {} : { hint })}
    unit={offers.currency}
    step={0.01}
    value={amountOf(offers[name], offers.currency)}
    onChange={(amount) => onChange({ ...offers, [name]: minorOf(amount, offers.currency) ?? Number.NaN })}
  />
)

const CountField = ({
  hint,
  label,
  name,
  offers,
  onChange
}: RuleProps<"scarceUnits" | "loyalOrders" | "offersPerCustomerMax">) => (
  <NumberField
    path={`offers.${name}`}
    label={label}
    {...(hint === undefined ? {} : { hint })}
    value={offers[name]}
    onChange={(count) => onChange({ ...offers, [name]: count })}
  />
)

const ShareField = ({
  hint,
  label,
  name,
  offers,
  onChange
}: RuleProps<"loyalDiscountShare" | "discountShareMax" | "returnShareMax">) => (
  <NumberField
    path={`offers.${name}`}
    label={label}
    {...(hint === undefined ? {} : { hint })}
    unit="%"
    step={0.1}
    value={Math.round(offers[name] * 100_000) / 1_000}
    onChange={(percent) => onChange({ ...offers, [name]: percent / 100 })}
  />
)
