/**
 * Reading a file of settings: small checks, each of which throws one sentence that names the place and the field, as the
 * error that the file has. Secrets need not stand in a file: `{"env": "NAME"}` is taken from the environment.
 */

export type Fields = Readonly<Record<string, unknown>>

/** Makes the error from its sentence. */
export type Wrong = (message: string) => Error

export const fieldReader = (wrong: Wrong) => {
  const fieldsOf = (value: unknown, where: string): Fields => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(`${where} must be an object.`)
    return value as Fields
  }

  const numberOf = (
    fields: Fields,
    name: string,
    where: string,
    otherwise: number,
    min: number,
    max: number
  ): number => {
    const value = fields[name] ?? otherwise
    if (typeof value === "number" && value >= min && value <= max) return value
    throw wrong(`${where}: ${name} must be a number from ${min} to ${max}.`)
  }

  const flagOf = (fields: Fields, name: string, where: string): boolean => {
    const value = fields[name] ?? false
    if (typeof value === "boolean") return value
    throw wrong(`${where}: ${name} must be true or false.`)
  }

  /** Those fields that are given, each a number within its bounds. */
  const numbersOf = (
    value: unknown,
    where: string,
    bounds: Readonly<Record<string, readonly [min: number, max: number]>>
  ): Readonly<Record<string, number>> => {
    const fields = fieldsOf(value ?? {}, where)
    const read: Record<string, number> = {}
    for (const name of Object.keys(fields)) {
      const bound = bounds[name]
      if (bound === undefined) throw wrong(`${where} has no ${name}; it takes ${Object.keys(bounds).join(", ")}.`)
      read[name] = numberOf(fields, name, where, 0, ...bound)
    }
    return read
  }

  /** Fills secrets in. */
  const withSecrets = (value: unknown, where: string, environment: NodeJS.ProcessEnv): unknown => {
    if (Array.isArray(value)) return value.map((one: unknown) => withSecrets(one, where, environment))
    if (typeof value !== "object" || value === null) return value
    const entries = Object.entries(value)
    const [first] = entries
    if (entries.length === 1 && first?.[0] === "env" && typeof first[1] === "string") {
      const secret = environment[first[1]]
      if (secret === undefined || secret === "") throw wrong(`${where}: the variable ${first[1]} is not set.`)
      return secret
    }
    return Object.fromEntries(entries.map(([name, inner]) => [name, withSecrets(inner, where, environment)]))
  }

  /** `what` names the file: "The channels file". */
  const parsed = (text: string, what: string): Fields => {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (cause) {
      throw wrong(`${what} is no JSON: ${cause instanceof Error ? cause.message : String(cause)}.`)
    }
    return fieldsOf(value, what)
  }

  return { fieldsOf, numberOf, flagOf, numbersOf, withSecrets, parsed }
}
