/**
 * Goal: the life of a hold on one SKU, as the contract tells it.
 * Method: a table of every phase against every signal (complete by its type), then examples of what it cannot show.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import {
  type AnyCommand,
  commit,
  configure,
  receipt,
  release,
  reserve,
  sale,
  transfer,
  TTL_MS
} from "../../support/commands.ts"
import { START_AT } from "../../support/desk.ts"
import {
  given,
  givenHolderCap,
  type Numbers,
  type Step,
  type Then,
  wait,
  waitWithoutTimer
} from "../../support/given.ts"

const numbers = (physical: number, allocated: number): Numbers => ({
  available: physical - allocated,
  physical,
  allocated
})

/** Of ten units three are asked for under one hold id. */
const phases = {
  unheard: [],
  open: [reserve("A", "h", 3)],
  overdue: [reserve("A", "h", 3), waitWithoutTimer(TTL_MS)],
  committed: [reserve("A", "h", 3), commit("A", "h")],
  released: [reserve("A", "h", 3), release("A", "h")],
  expired: [reserve("A", "h", 3), wait(TTL_MS)]
} satisfies Record<string, ReadonlyArray<Step>>

const signals = {
  reserve: (): Step => reserve("A", "h", 4),
  commit: (): Step => commit("A", "h"),
  release: (): Step => release("A", "h"),
  timer: (): Step => wait(0)
}

type HoldPhase = keyof typeof phases
type Signal = keyof typeof signals
interface Expected {
  readonly outcome: string
  readonly leaves: Numbers
}

const is = (outcome: string, physical: number, allocated: number): Expected => ({
  outcome,
  leaves: numbers(physical, allocated)
})

const transitions: Record<HoldPhase, Record<Signal, Expected>> = {
  unheard: {
    reserve: is("reserve", 10, 4),
    commit: is("unknown_hold", 10, 0),
    release: is("unknown_hold", 10, 0),
    timer: is("nothing", 10, 0)
  },
  open: {
    reserve: is("reserve", 10, 4),
    commit: is("commit", 7, 0),
    release: is("release", 10, 0),
    timer: is("nothing", 10, 3)
  },
  overdue: {
    reserve: is("reserve", 10, 4),
    commit: is("hold_expired expired, expiry", 10, 0),
    release: is("hold_expired expired, expiry", 10, 0),
    timer: is("expiry", 10, 0)
  },
  committed: {
    reserve: is("reserve", 7, 4),
    commit: is("unchanged", 7, 0),
    release: is("hold_closed committed", 7, 0),
    timer: is("nothing", 7, 0)
  },
  released: {
    reserve: is("reserve", 10, 4),
    commit: is("hold_closed released", 10, 0),
    release: is("unchanged", 10, 0),
    timer: is("nothing", 10, 0)
  },
  expired: {
    reserve: is("reserve", 10, 4),
    commit: is("hold_expired expired", 10, 0),
    release: is("hold_expired expired", 10, 0),
    timer: is("nothing", 10, 0)
  }
}

const outcomeOf = (then: Then): string => {
  const { refusal, isUnchanged } = then
  const written = then.records.map((record) => record.type).join(" ")
  if (isUnchanged) return "unchanged"
  if (refusal === undefined) return written === "" ? "nothing" : written
  const told = refusal.state === undefined ? refusal.code : `${refusal.code} ${refusal.state}`
  return written === "" ? told : `${told}, ${written}`
}

describe("a hold", () => {
  for (const phase of Object.keys(transitions) as Array<HoldPhase>) {
    for (const signal of Object.keys(transitions[phase]) as Array<Signal>) {
      const expected = transitions[phase][signal]
      it(`that is ${phase} meets ${signal}: ${expected.outcome}`, () => {
        const then = given(receipt("A", 10), ...phases[phase]).when(signals[signal]())
        assert.equal(outcomeOf(then), expected.outcome)
        then.leaves("A", expected.leaves)
      })
    }
  }
})

describe("a reserve", () => {
  it("of all there is is granted, of one more refused with what there is", () => {
    given(receipt("A", 5))
      .when(reserve("A", "h", 5))
      .accepted()
    given(receipt("A", 5))
      .when(reserve("A", "h", 6))
      .refused({ code: "insufficient_stock", available: 5 })
      .leaves("A", { ...numbers(5, 0), version: 1 })
  })

  it("holds until its time is over, to the millisecond", () => {
    given(receipt("A", 5))
      .when(reserve("A", "h", 1, { ttlMs: 100 }))
      .writes({ type: "reserve", holdId: "h", expiresAt: START_AT + 100 })
      .when(waitWithoutTimer(99))
      .when(commit("A", "h"))
      .writes({ type: "commit", quantity: 1, physical: 4, allocated: 0 })
  })

  it("takes from its location alone", () => {
    given(receipt("A", 9, { locationId: "north" }), receipt("A", 1))
      .when(reserve("A", "h", 2))
      .refused({ code: "insufficient_stock", available: 1 })
      .when(reserve("A", "h", 2, { locationId: "north" }))
      .accepted()
      .leavesAt("A", "north", [9, 2])
  })

  it("is not held up by what another location owes", () => {
    given(receipt("A", 5), sale("A", 6, { locationId: "north" }))
      .when(reserve("A", "h", 6))
      .refused({ code: "insufficient_stock", available: 5 })
      .when(reserve("A", "h", 5))
      .accepted()
      .leavesAt("A", "default", [5, 5])
  })

  it("under the same hold id replaces the hold in one step", () => {
    given(receipt("A", 5), reserve("A", "h", 4))
      .when(reserve("A", "h", 5, { ttlMs: 200 }))
      .writes({ type: "reserve", version: 3, quantity: 5, allocated: 5, expiresAt: START_AT + 200 })
      .when(wait(500))
      .leaves("A", numbers(5, 0))
  })

  it("that replaces a hold lets the new time count, not the old", () => {
    given(receipt("A", 5), reserve("A", "h", 4, { ttlMs: 100 }), reserve("A", "h", 2, { ttlMs: 5_000 }))
      .when(wait(1_000))
      .leaves("A", numbers(5, 2))
      .when(wait(5_000))
      .leaves("A", numbers(5, 0))
  })

  it("that would replace a hold and is refused leaves the old one", () => {
    given(receipt("A", 5), reserve("A", "h", 4))
      .when(reserve("A", "h", 6))
      .refused({ code: "insufficient_stock" })
      .when(commit("A", "h"))
      .leaves("A", numbers(1, 0))
  })

  it("may move its hold to another location", () => {
    given(receipt("A", 5), receipt("A", 2, { locationId: "north" }), reserve("A", "h", 4))
      .when(reserve("A", "h", 2, { locationId: "north" }))
      .leavesAt("A", "default", [5, 0])
      .leavesAt("A", "north", [2, 2])
  })

  it("beyond the stock is granted as far as the back-order limit goes, over all locations together", () => {
    given(receipt("A", 1), configure("A", { backorderLimit: 2 }))
      .when(reserve("A", "h", 4))
      .refused({ code: "insufficient_stock" })
      .when(reserve("A", "h", 3))
      .accepted()
      .leaves("A", numbers(1, 3))
      .when(reserve("A", "i", 1, { locationId: "north" }))
      .refused({ code: "insufficient_stock" })
  })

  it("without a limit on back-orders is granted whatever there is", () => {
    given(configure("A", { backorderLimit: Number.MAX_SAFE_INTEGER }))
      .when(reserve("A", "h", 2 ** 31 - 1))
      .accepted()
      .when(commit("A", "h"))
      .writes({ type: "commit", physical: 1 - 2 ** 31 })
  })
})

describe("closing a hold", () => {
  it("of back-ordered units keeps its location's share when the SKU is said to be plain once more", () => {
    given(configure("A", { backorderLimit: 3 }), reserve("A", "h", 3), configure("A", { components: [] }))
      .when(release("A", "h"))
      .leaves("A", numbers(0, 0))
      .leavesAt("A", "default", [0, 0])
  })

  it("commits where it was reserved", () => {
    given(receipt("A", 5), receipt("A", 5, { locationId: "north" }), reserve("A", "h", 2, { locationId: "north" }))
      .when(commit("A", "h"))
      .leavesAt("A", "north", [3, 0])
      .leavesAt("A", "default", [5, 0])
  })

  it("that is paid while its units are gone is recorded as paid but short", () => {
    given(receipt("A", 5), reserve("A", "h", 4), transfer("A", 3, "north"))
      .when(commit("A", "h"))
      .writes({ type: "commit", physical: 1 }, { type: "incident", kind: "paid_but_short", units: 2, holdId: "h" })
  })

  it("gives an expiry the id of hold and version", () => {
    given(receipt("A", 5), reserve("A", "h", 1))
      .when(wait(TTL_MS))
      .writes({ type: "expiry", mutationId: "expiry:h:3", holdId: "h", version: 3, allocated: 0 })
  })

  it("is no business of another SKU", () => {
    given(receipt("A", 5), receipt("B", 5), reserve("A", "h", 1))
      .when(commit("B", "h"))
      .refused({ code: "unknown_hold", holdId: "h", sku: "B" })
  })
})

describe("the cap on holds", () => {
  const held = (holdId: string, holder: string | undefined): AnyCommand =>
    reserve("A", holdId, 1, holder === undefined ? {} : { holder })

  it("refuses one more, and grants it when one was closed", () => {
    givenHolderCap(2, receipt("A", 9), held("1", "bot"), held("2", "bot"))
      .when(held("3", "bot"))
      .refused({ code: "hold_limit", holdId: "3" })
      .when(release("A", "1"))
      .when(held("3", "bot"))
      .accepted()
  })

  it("does not concern a hold that is replaced, another holder, or nobody", () => {
    const then = givenHolderCap(1, receipt("A", 9), held("1", "bot")).when(held("1", "bot")).accepted()
    then.when(held("2", "you")).accepted().when(held("3", undefined)).accepted()
  })

  it("cannot be passed by taking over a hold of nobody's", () => {
    givenHolderCap(1, receipt("A", 9), held("1", "bot"), held("2", undefined))
      .when(held("2", "bot"))
      .refused({ code: "hold_limit", holdId: "2" })
  })

  it("is freed by expiry", () => {
    givenHolderCap(1, receipt("A", 9), held("1", "bot"), wait(TTL_MS)).when(held("2", "bot")).accepted()
  })
})
