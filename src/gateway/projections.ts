/**
 * What the gateway needs of the projections: lists that PostgreSQL answers, and how far behind each projection is.
 */
import { Context } from "effect"
import type { LowStockReadModels } from "./http/alert-desk.ts"
import type { HistoryReadModels } from "./http/history.ts"
import type { ReadModels } from "./http/lists.ts"
import type { LocationReadModels } from "./http/locations.ts"
import type { RecoveryReadModels } from "./http/recovery.ts"
import type { ServerLooks } from "./http/system.ts"

export interface ProjectionLag {
  readonly name: string
  /** Journal records not applied yet; beyond what memory holds an estimate from the mean commit. */
  readonly lagEvents: number
  /** Age of the oldest of them. */
  readonly lagSeconds: number
}

export interface ProjectionsShape extends ReadModels {
  readonly history: HistoryReadModels
  readonly locations: LocationReadModels
  readonly lowStock: LowStockReadModels
  readonly recovery: RecoveryReadModels
  readonly servers: ServerLooks
  readonly lags: () => ReadonlyArray<ProjectionLag>
}

export class Projections extends Context.Service<Projections, ProjectionsShape>()("holdfast/src/gateway/Projections") {}
