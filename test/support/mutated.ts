/**
 * JSON values with one place changed: taken away, or replaced by something that does not belong there.
 */
import * as fc from "fast-check"

type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [name: string]: Json }

const JUNK: ReadonlyArray<Json> = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 31,
  1e300,
  "",
  "x",
  "\ud800",
  "y".repeat(129),
  "z".repeat(1_025),
  "2026-01-31T12:00:00Z",
  [],
  [null],
  [{}],
  {},
  { limit: 3 },
  { "": 1 }
]

const TAKEN_AWAY = Symbol("taken away")

type Place = ReadonlyArray<string | number>

const placesIn = (value: Json, place: Place = []): ReadonlyArray<Place> => {
  if (typeof value !== "object" || value === null) return [place]
  const inside = Array.isArray(value)
    ? value.flatMap((one: Json, index) => placesIn(one, [...place, index]))
    : Object.entries(value as Readonly<Record<string, Json>>).flatMap(([name, one]) => placesIn(one, [...place, name]))
  return [place, ...inside]
}

const changed = (value: Json, [first, ...rest]: Place, by: Json | typeof TAKEN_AWAY): Json => {
  if (first === undefined) return by === TAKEN_AWAY ? null : by
  if (Array.isArray(value)) {
    return value.flatMap((one: Json, index) => {
      if (index !== first) return [one]
      return rest.length === 0 && by === TAKEN_AWAY ? [] : [changed(one, rest, by)]
    })
  }
  const entries = Object.entries(value as Readonly<Record<string, Json>>).flatMap(([name, one]) => {
    if (name !== first) return [[name, one] as const]
    return rest.length === 0 && by === TAKEN_AWAY ? [] : [[name, changed(one, rest, by)] as const]
  })
  return Object.fromEntries(entries)
}

/** One of `values`, changed in one place or two. */
export const mutated = (values: ReadonlyArray<unknown>): fc.Arbitrary<unknown> => {
  const change = fc.record({ at: fc.nat(), by: fc.oneof(fc.constant(TAKEN_AWAY), fc.constantFrom(...JUNK)) })
  return fc
    .tuple(fc.constantFrom(...(values as ReadonlyArray<Json>)), fc.array(change, { minLength: 1, maxLength: 2 }))
    .map(([value, changes]) =>
      changes.reduce<Json>((so, { at, by }) => {
        const places = placesIn(so)
        return changed(so, places[at % places.length] as Place, by)
      }, value)
    )
}
