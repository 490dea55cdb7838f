/**
 * Goal: the audit finds whatever is wrong with a journal, and nothing where nothing is.
 * Method: a journal by the real deciders, spoiled in one place in each of many ways; and journals by chance, which must be
 * clean as they are, and not clean with any number of any event changed.
 */
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { Accounts, type RawCommit } from "../../scripts/audit/accounts.ts"
import { anyCommand, corner, openingOf, shop, type World } from "../support/arbitraries.ts"
import {
  adjustment,
  bundle,
  commit,
  commitLines,
  configure,
  count,
  receipt,
  release,
  releaseLines,
  reserve,
  reserveLines,
  returned,
  sale,
  transfer
} from "../support/commands.ts"
import { asCommits, type Draft, drop, find, journalOf, type Step } from "../support/ledger.ts"
import { runs } from "../support/runs.ts"

const trade = (): Array<Draft> =>
  journalOf([
    receipt("A", 20),
    receipt("B", 10),
    receipt("C", 5),
    configure("A", { safetyThreshold: 8 }),
    sale("A", 3, { mutationId: "till-1" }),
    sale("A", 2, { mutationId: "till-2" }),
    returned("A", 1, { mutationId: "back-1" }),
    adjustment("A", -2, { mutationId: "broken" }),
    count("B", 9, { mutationId: "counted" }),
    transfer("A", 4, "north", { mutationId: "lorry" }),
    reserve("A", "web-1", 2, { mutationId: "hold-web-1" }),
    commit("A", "web-1"),
    reserve("A", "web-2", 3, { mutationId: "hold-web-2" }),
    release("A", "web-2"),
    reserve("B", "web-3", 2, { ttlMs: 500, mutationId: "hold-web-3" }),
    { waitMs: 1_000 },
    reserveLines("cart-1", [
      ["A", 1],
      ["B", 1]
    ]),
    commitLines("cart-1"),
    reserveLines("cart-2", [
      ["A", 2],
      ["C", 1]
    ]),
    reserveLines("cart-2", [
      ["B", 1],
      ["C", 1]
    ]),
    reserveLines("cart-3", [
      ["A", 1],
      ["B", 1]
    ]),
    releaseLines("cart-3"),
    bundle("SET", { A: 2, B: 1 }),
    sale("B", 2, { mutationId: "till-3" }),
    sale("SET", 1, { mutationId: "till-set" }),
    sale("C", 9, { mutationId: "till-over" }),
    reserve("B", "web-4", 1, { mutationId: "hold-web-4" })
  ])

const audited = (commits: ReadonlyArray<RawCommit>): Accounts => {
  const accounts = new Accounts()
  for (const one of commits) accounts.visit(one)
  if (accounts.hasSuspects) {
    const look = accounts.confirmer()
    for (const one of commits) look(one)
  }
  accounts.finish()
  return accounts
}

const spoiled = (spoil: (drafts: Array<Draft>) => void): Accounts => {
  const drafts = trade()
  spoil(drafts)
  return audited(asCommits(drafts))
}

type Case = readonly [what: string, spoil: (drafts: Array<Draft>) => void, sku: string, says: RegExp]

const change =
  (fields: Readonly<Record<string, unknown>>, changed: Readonly<Record<string, unknown>>) =>
  (drafts: Array<Draft>): void =>
    void Object.assign(find(drafts, fields), changed)

const insertAgain = (drafts: Array<Draft>, mutationId: string): void => {
  const again: Record<string, unknown> & { type: string } = { ...find(drafts, { mutationId }), type: "sale" }
  const last = drafts.findLast(({ records }) =>
    records.some(({ sku, version }) => sku === again["sku"] && version !== undefined)
  )
  const before = last?.records.findLast(({ sku, version }) => sku === again["sku"] && version !== undefined)
  const at = drafts.at(-1) as Draft
  Object.assign(again, {
    version: Number(before?.["version"]) + 1,
    physical: Number(before?.["physical"]) - Number(again["quantity"]),
    allocated: before?.["allocated"]
  })
  drafts.push({ id: "hub-again", at: at.at, sequence: at.sequence + 1, records: [again] })
}

const cases: ReadonlyArray<Case> = [
  ["an event is missing", (drafts) => drop(drafts, { mutationId: "till-1" }), "A", /version 4 follows version 2/],
  [
    "an event is there twice",
    (drafts) => drafts[4]?.records.push({ ...find(drafts, { mutationId: "till-1" }) } as never),
    "A",
    /version 3 follows version 3/
  ],
  ["a version is skipped", change({ mutationId: "till-2" }, { version: 5 }), "A", /version 5 follows version 3/],
  [
    "a sale's quantity is another",
    change({ mutationId: "till-1" }, { quantity: 4 }),
    "A",
    /says physical 17; from 20 it comes to 16/
  ],
  ["a return's quantity is another", change({ mutationId: "back-1" }, { quantity: 2 }), "A", /says physical/],
  ["an adjustment's sign is another", change({ mutationId: "broken" }, { quantity: 2 }), "A", /says physical/],
  ["a counted total is another", change({ mutationId: "counted" }, { quantity: 8 }), "B", /says physical/],
  ["physical is another", change({ mutationId: "till-2" }, { physical: 14 }), "A", /says physical 14/],
  ["allocated is another", change({ mutationId: "hold-web-1" }, { allocated: 3 }), "A", /says allocated 3/],
  ["a hold has other units", change({ mutationId: "hold-web-1" }, { quantity: 1 }), "A", /says allocated/],
  [
    "a hold is closed with other units",
    change({ type: "commit", holdId: "web-1" }, { quantity: 1 }),
    "A",
    /closes 1 units/
  ],
  ["a release is a payment", change({ type: "release", holdId: "web-2" }, { type: "commit" }), "A", /says physical/],
  ["a payment is a release", change({ type: "commit", holdId: "web-1" }, { type: "release" }), "A", /says physical/],
  [
    "a hold that nobody has is closed",
    change({ type: "release", holdId: "web-2" }, { holdId: "web-9" }),
    "A",
    /web-9, which is not open/
  ],
  [
    "a hold is closed twice",
    change({ type: "release", holdId: "web-2" }, { holdId: "web-1" }),
    "A",
    /web-1, which is not open/
  ],
  ["a hold is paid for after its time", change({ mutationId: "hold-web-1" }, { expiresAt: 1 }), "A", /after its time/],
  ["a hold ends before its time", change({ mutationId: "hold-web-3" }, { expiresAt: 9e15 }), "B", /before its time/],
  [
    "a hold takes units that are not there",
    change({ mutationId: "hold-web-4" }, { locationId: "north" }),
    "B",
    /promises 1 units at north/
  ],
  [
    "a transfer goes elsewhere",
    (drafts) => {
      change({ mutationId: "lorry" }, { locationId: "north", toLocationId: "default" })(drafts)
    },
    "A",
    /left units short at north/
  ],
  ["a mutation is applied twice", (drafts) => insertAgain(drafts, "till-3"), "B", /till-3 was applied twice/],
  [
    "a cart has lost a leg",
    (drafts) => drop(drafts, { type: "reserve", holdId: "cart-2", sku: "B" }),
    "B",
    /cart cart-2 is open, and holds nothing here/
  ],
  [
    "a cart's payment has lost a leg",
    (drafts) => drop(drafts, { type: "commit", holdId: "cart-1", sku: "B" }),
    "B",
    /cart cart-1 is commit, and still holds units/
  ],
  [
    "a replaced cart keeps what it gave back",
    (drafts) => drop(drafts, { type: "release", holdId: "cart-2", sku: "A" }),
    "A",
    /cart cart-2 is reserve, and still holds units/
  ],
  [
    "a leg moves without its cart",
    (drafts) => drop(drafts, { type: "lines", holdId: "cart-3", act: "reserve" }),
    "A",
    /no word of it as a whole/
  ],
  ["a bundle does not follow", (drafts) => drop(drafts, { type: "bundle", sku: "SET" }), "SET", /its components make/],
  ["a bundle's number is another", change({ mutationId: "till-set" }, { physical: 5 }), "SET", /its components make/],
  [
    "a bundle's sale moves a component by other units",
    change({ scope: "bundle SET", sku: "B", type: "sale" }, { quantity: 2 }),
    "B",
    /says physical/
  ],
  ["an incident is missing", (drafts) => drop(drafts, { type: "incident", sku: "C" }), "C", /no incident/],
  [
    "an incident names other units",
    change({ type: "incident", sku: "C" }, { units: 1 }),
    "C",
    /names 1 units; 5 were short/
  ],
  [
    "an incident has no shortage",
    (drafts) => {
      drafts[0]?.records.push({
        type: "incident",
        kind: "oversell",
        sku: "A",
        version: 1,
        locationId: "default",
        units: 2
      })
    },
    "A",
    /names 2 units; 0 were short/
  ],
  [
    "a threshold is not the configured one",
    change({ mutationId: "till-1" }, { safetyThreshold: 7 }),
    "A",
    /threshold 7, not 8/
  ],
  [
    "a record is of a kind that nobody knows",
    (drafts) => drafts[0]?.records.push({ type: "gift", sku: "A" }),
    "A",
    /unknown kind gift/
  ],
  ["a commit is missing", (drafts) => drafts.splice(1, 1), "", /from commit 1 to 3/],
  [
    "a commit is earlier than the one before",
    (drafts) => void ((drafts[2] as Draft).at -= 1),
    "",
    /earlier than the one before/
  ]
]

describe("the audit of a journal", () => {
  it("is clean as it is, and the figures are the trade's", () => {
    const accounts = audited(asCommits(trade()))
    assert.deepEqual(accounts.findings, [])
    assert.equal(accounts.differences, 0)
    assert.equal(accounts.incidents, 1)
    assert.equal(accounts.oversoldByRequest, 0)
    assert.equal(accounts.account("C").physical, -4)
    assert.equal(accounts.account("B").holds.size, 2)
    const { received, sold, bought, adjusted, returned: back } = accounts.account("A").terms
    assert.deepEqual([received, sold, bought, adjusted, back], [20, 7, 3, -2, 1])
  })

  it.each(cases)("finds that %s", (_what, spoil, sku, says) => {
    const accounts = spoiled(spoil)
    assert.isAbove(accounts.differences, 0)
    assert.include([...accounts.wrongSkus], sku)
    const own = accounts.findings.filter((text) => (sku === "" ? says.test(text) : text.startsWith(`${sku}: `)))
    assert.isTrue(
      own.some((text) => says.test(text)),
      accounts.findings.join("\n")
    )
  })

  it("knows what may come again after a day, and what looks alike but is not", () => {
    const drafts = trade()
    insertAgain(drafts, "till-3")
    for (const draft of drafts.slice(-1)) draft.at += 24 * 60 * 60_000
    const { findings } = audited(asCommits(drafts))
    assert.isFalse(
      findings.some((text) => text.includes("applied twice")),
      findings.join("\n")
    )
    const other = trade()
    Object.assign(find(other, { mutationId: "till-1" }), { mutationId: "till-2", scope: "somebody else" })
    assert.deepEqual(audited(asCommits(other)).findings, [])
  })

  it("counts differences beyond those it keeps", () => {
    const drafts = journalOf(Array.from({ length: 1_500 }, () => receipt("A", 1)))
    for (const { records } of drafts) Object.assign(records[0] as object, { safetyThreshold: 3 })
    const accounts = audited(asCommits(drafts))
    assert.equal(accounts.differences, 1_500)
    assert.lengthOf(accounts.findings, 1_000)
  })
})

const worlds: ReadonlyArray<readonly [name: string, world: World]> = [
  ["a shop", shop],
  ["one unit for everybody", corner]
]

const stepsIn = (world: World): fc.Arbitrary<ReadonlyArray<Step>> =>
  fc.array(
    fc.oneof(
      { weight: 9, arbitrary: anyCommand(world) },
      { weight: 1, arbitrary: fc.constantFrom({ waitMs: 100 }, { waitMs: 1_000 }) }
    ),
    { maxLength: 60, size: "max" }
  )

const NUMBERS = ["version", "physical", "allocated"] as const

for (const [name, world] of worlds) {
  describe(`any journal of ${name}`, () => {
    it("is clean", () => {
      fc.assert(
        fc.property(stepsIn(world), (steps) => {
          const accounts = audited(asCommits(journalOf([...openingOf(world), ...steps])))
          assert.deepEqual(accounts.findings, [])
        }),
        runs(60)
      )
    })

    it("is not clean with any number of any event changed", () => {
      fc.assert(
        fc.property(stepsIn(world), fc.nat(), fc.constantFrom(...NUMBERS), (steps, pick, field) => {
          const drafts = journalOf([...openingOf(world), ...steps])
          const events = drafts
            .flatMap(({ records }) => records)
            .filter(({ type, version }) => version !== undefined && type !== "incident" && type !== "alert")
          const event = events[pick % events.length] as Record<string, unknown>
          event[field] = Number(event[field]) + 1
          assert.isAbove(audited(asCommits(drafts)).differences, 0)
        }),
        runs(60)
      )
    })
  })
}
