/**
 * What an ERP's movement types mean for the stock: which fact each becomes, and whether it brings units in or takes
 * them out. The table is a setting; SAP's common types are the default.
 */
import type { FactBody } from "../../gateway/protocol.ts"

export interface Movement {
  readonly type: FactBody["type"]
  /**
   * `given`: the row's own sign, or its debit/credit field, says it. A transfer `in` goes the other way, from the
   * receiving location back to the issuing one.
   */
  readonly direction: "in" | "out" | "given"
}

const DIRECTIONS: Readonly<Record<FactBody["type"], ReadonlyArray<Movement["direction"]>>> = {
  sale: ["out"],
  receipt: ["in"],
  return: ["in"],
  count: ["in"],
  transfer: ["out", "in"],
  adjustment: ["in", "out", "given"]
}

const movement = (type: Movement["type"], direction: Movement["direction"]): Movement => ({ type, direction })

/** A reversal of what is no sale is an adjustment with the other sign: the contract has no negative receipt. */
export const SAP_MOVEMENTS: Readonly<Record<string, Movement>> = {
  /** Goods receipt, and its reversal; return to the vendor, and its reversal. */
  "101": movement("receipt", "in"),
  "102": movement("adjustment", "out"),
  "122": movement("adjustment", "out"),
  "123": movement("adjustment", "in"),
  /** Issue to a cost centre, to an order of production, as scrap. */
  "201": movement("adjustment", "out"),
  "202": movement("adjustment", "in"),
  "261": movement("adjustment", "out"),
  "262": movement("adjustment", "in"),
  "551": movement("adjustment", "out"),
  "552": movement("adjustment", "in"),
  /** From storage location to storage location. */
  "311": movement("transfer", "out"),
  "312": movement("transfer", "in"),
  /** Initial stock. */
  "561": movement("receipt", "in"),
  "562": movement("adjustment", "out"),
  /** Issue for a delivery to a customer, and its reversal. */
  "601": movement("sale", "out"),
  "602": movement("return", "in"),
  /** A customer's return, and its reversal. */
  "651": movement("return", "in"),
  "652": movement("adjustment", "out"),
  "653": movement("return", "in"),
  "654": movement("adjustment", "out"),
  /** Differences of a physical inventory. */
  "701": movement("adjustment", "in"),
  "702": movement("adjustment", "out")
}

/** Throws one sentence that names the setting. */
export const movementOf = (value: unknown, where: string): Movement => {
  const { type, direction } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>
  const allowed =
    typeof type === "string" && Object.hasOwn(DIRECTIONS, type) ? DIRECTIONS[type as Movement["type"]] : []
  if (allowed.length === 0) {
    throw new Error(`The setting ${where} needs a type: ${Object.keys(DIRECTIONS).join(", ")}.`)
  }
  const chosen = direction === undefined ? allowed[0] : allowed.find((one) => one === direction)
  if (chosen === undefined || (type === "adjustment" && direction === undefined)) {
    throw new Error(`The setting ${where} is of type ${String(type)} and needs a direction: ${allowed.join(", ")}.`)
  }
  return { type: type as Movement["type"], direction: chosen }
}
