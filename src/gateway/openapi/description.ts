/**
 * What is said of an address of the hub, beside what the table of routes says: what it takes, and what it answers.
 */
import type { Schema } from "effect"

export type Shape = Schema.Codec<unknown, unknown>

/** Of what is no JSON. */
export interface Text {
  readonly mediaType: string
}

export interface Description {
  /** A few words without a full stop. */
  readonly summary: string
  /** Sentences. */
  readonly details?: string
  /** Parameters behind the question mark. */
  readonly query?: Shape
  readonly body?: Shape | Text
  /** An empty body is an empty object. */
  readonly isBodyOptional?: true
  /** What comes of it. */
  readonly answer: Shape | Text
  /** The status that comes with it; default 200. */
  readonly status?: 202
  /** Other ends that are no refusals, by status. */
  readonly others?: Readonly<Record<number, string>>
  /**
   * Statuses of what it may refuse, beside those that the way to it may refuse with: 401 and 403 where it is not public, 429
   * while there is a limit of rate.
   */
  readonly refusals: ReadonlyArray<400 | 401 | 403 | 404 | 409 | 410 | 413 | 429 | 503>
  /** Default: the contract's. */
  readonly refusal?: Shape
}

/** By method and pattern, as the table of routes has them. */
export type Descriptions = Readonly<Record<`${string} /${string}`, Description>>

export interface Part {
  readonly name: string
  readonly about: string
  readonly addresses: Descriptions
}

export const isText = (what: Shape | Text): what is Text => "mediaType" in what
