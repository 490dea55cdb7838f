/**
 * Packages that a seller confirms, as Amazon takes them: of one package the last telling counts, and what was not ordered
 * is refused.
 */
import type { HttpAnswer, Order } from "../marketplace.ts"

interface PackageDetail {
  readonly packageReferenceId: string
  readonly orderItems: ReadonlyArray<{ readonly orderItemId: string; readonly quantity: number }>
}

export class Shipments {
  private readonly packages = new Map<string, PackageDetail>()

  get all(): ReadonlyArray<object> {
    return [...this.packages.values()]
  }

  confirm(order: Order | undefined, content: Readonly<Record<string, unknown>>): HttpAnswer {
    const told = content["packageDetail"] as PackageDetail
    const isOrdered = told.orderItems.every(({ orderItemId, quantity }) =>
      order?.lines.some((line) => line.lineId === orderItemId && quantity <= line.quantity)
    )
    if (order === undefined || !isOrdered) {
      return { status: 400, body: { errors: [{ code: "InvalidInput", message: "The order item is invalid." }] } }
    }
    this.packages.set(`${order.id} ${told.packageReferenceId}`, told)
    return { status: 204 }
  }
}
