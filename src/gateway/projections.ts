/**
 * What the gateway needs of the projections: lists that PostgreSQL answers, and how far behind each projection is.
 */
import { Context } from "effect"
import type { ProjectionLag } from "../../streams/projections/runner.ts"
import type { ReadModels } from "./http/lists.ts"

export interface ProjectionsShape extends ReadModels {
  readonly lags: () => ReadonlyArray<ProjectionLag>
}

export class Projections extends Context.Service<Projections, ProjectionsShape>()("holdfast/src/gateway/Projections") {}
