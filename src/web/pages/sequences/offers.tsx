/** The rules of offers that hold for every sequence: what may be offered, what it may cost, and who is made none. */
import { INCENTIVES_DEFAULT, type IncentivePolicy } from "../../../../actors/recovery/incentive-rules.ts"
import { Box } from "../../app/parts.tsx"
import { withField } from "../../recovery/edit.ts"
import { Catalogue } from "./catalogue.tsx"
import { AmountField, DurationField, GroupFault, NumberField, PercentField, ShareField, TextField } from "./fields.tsx"

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
    <RuleAmount
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
    <PercentField
      path="offers.marginFloorBasisPoints"
      label="Margin that must remain"
      hint="Of the price without its tax."
      basisPoints={offers.marginFloorBasisPoints}
      onChange={(marginFloorBasisPoints) => onChange({ ...offers, marginFloorBasisPoints })}
    />
    <PercentField
      path="offers.costBasisPoints"
      label="What goods cost"
      hint="Of their price; empty: only where the cart says it."
      basisPoints={offers.costBasisPoints}
      onChange={(cost) => onChange(withField(offers, "costBasisPoints", Number.isNaN(cost) ? undefined : cost))}
    />
    <RuleAmount name="shippingCostMinor" label="Sending an order costs" offers={offers} onChange={onChange} />
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
    <RuleCount name="offersPerCustomerMax" label="At most, to a customer" offers={offers} onChange={onChange} />
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
    <RuleAmount name="goodsMinimumMinor" label="Carts below" offers={offers} onChange={onChange} />
    <RuleCount
      name="scarceUnits"
      label="Goods with so few left"
      hint="Beside the cart's own."
      offers={offers}
      onChange={onChange}
    />
    <RuleCount name="loyalOrders" label="Bought so often" offers={offers} onChange={onChange} />
    <RuleAmount name="loyalRevenueMinor" label="Or for so much" offers={offers} onChange={onChange} />
    <RuleShare
      name="loyalDiscountShare"
      label="With at most so many reduced"
      hint="Of their orders: they buy anyway."
      offers={offers}
      onChange={onChange}
    />
    <RuleShare name="discountShareMax" label="More orders reduced than" offers={offers} onChange={onChange} />
    <RuleShare name="returnShareMax" label="More sent back than" offers={offers} onChange={onChange} />
  </div>
)

interface RuleProps<Name extends keyof IncentivePolicy> extends RulesProps {
  readonly name: Name
  readonly label: string
  readonly hint?: string
}

type AmountName = "dailyBudgetMinor" | "shippingCostMinor" | "goodsMinimumMinor" | "loyalRevenueMinor"
type CountName = "scarceUnits" | "loyalOrders" | "offersPerCustomerMax"
type ShareName = "loyalDiscountShare" | "discountShareMax" | "returnShareMax"

const RuleAmount = ({ name, offers, onChange, ...field }: RuleProps<AmountName>) => (
  <AmountField
    {...field}
    path={`offers.${name}`}
    currency={offers.currency}
    minor={offers[name]}
    onChange={(minor = Number.NaN) => onChange({ ...offers, [name]: minor })}
  />
)

const RuleCount = ({ name, offers, onChange, ...field }: RuleProps<CountName>) => (
  <NumberField
    {...field}
    path={`offers.${name}`}
    value={offers[name]}
    onChange={(count) => onChange({ ...offers, [name]: count })}
  />
)

const RuleShare = ({ name, offers, onChange, ...field }: RuleProps<ShareName>) => (
  <ShareField
    {...field}
    path={`offers.${name}`}
    share={offers[name]}
    onChange={(share) => onChange({ ...offers, [name]: share })}
  />
)
