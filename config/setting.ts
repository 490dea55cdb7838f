/**
 * A setting from the environment, described where it is read: what it takes, what it is without being set, what it is for.
 * The hub reads by these, `holdfast config` and CONFIGURATION.md tell of them; neither can know one that the other does not.
 */
import { Config, Effect, Schema } from "effect"

export interface Setting {
  readonly name: string
  /** What it takes, in words: "a whole number from 0 to 65535". */
  readonly takes: string
  /** As it would be written into the environment; `undefined`: there is none. */
  readonly otherwise: string | undefined
  readonly about: string
  /** Never printed. */
  readonly secret: boolean
  /** It may change while the hub runs (`SETTINGS_FILE`). */
  readonly reloads?: true
}

/** A setting and how it is read. */
export interface Described<A> {
  readonly setting: Setting
  readonly config: Config.Config<A>
}

type Optional<A> = A | undefined

/** Fails with the bounds in the message when it is none, or beyond them. */
export const whole = (
  name: string,
  options: { readonly otherwise: number; readonly min: number; readonly max: number },
  about: string
): Described<number> => {
  const { otherwise, min: minimum, max: maximum } = options
  const schema = Schema.NumberFromString.pipe(Schema.check(Schema.isInt(), Schema.isBetween({ minimum, maximum })))
  return {
    setting: {
      name,
      takes: `a whole number from ${minimum} to ${maximum}`,
      otherwise: String(otherwise),
      about,
      secret: false
    },
    config: Config.schema(schema, name).pipe(Config.withDefault(otherwise))
  }
}

export const ratio = (name: string, otherwise: number, about: string): Described<number> => {
  const schema = Schema.FiniteFromString.pipe(Schema.check(Schema.isBetween({ minimum: 0, maximum: 1 })))
  return {
    setting: { name, takes: "a number from 0 to 1", otherwise: String(otherwise), about, secret: false },
    config: Config.schema(schema, name).pipe(Config.withDefault(otherwise))
  }
}

export const text = (name: string, otherwise: string, about: string, takes = "a text"): Described<string> => ({
  setting: { name, takes, otherwise, about, secret: false },
  config: Config.String(name).pipe(Config.withDefault(otherwise))
})

/** `secret`: it is, or may hold, a password. */
export const optionalText = (
  name: string,
  takes: string,
  about: string,
  secret = false
): Described<Optional<string>> => ({
  setting: { name, takes, otherwise: undefined, about, secret },
  config: Config.String(name).pipe(Config.withDefault(undefined))
})

export const oneOf = <const Word extends string>(
  name: string,
  words: ReadonlyArray<Word>,
  otherwise: NoInfer<Word>,
  about: string
): Described<Word> => ({
  setting: { name, takes: `one of ${words.join(", ")}`, otherwise, about, secret: false },
  config: Config.Literals(words, name).pipe(Config.withDefault(otherwise))
})

/** It is looked at each time it is needed, so it may change while the hub runs. */
export const reloadable = <A>({ config, setting }: Described<A>): Described<A> => ({
  config,
  setting: { ...setting, reloads: true }
})

/** Read elsewhere, by rules that one schema cannot say: half set is wrong, one needs another. */
export const told = (
  name: string,
  takes: string,
  about: string,
  options: { readonly otherwise?: string; readonly secret?: boolean } = {}
): Setting => ({ name, takes, otherwise: options.otherwise, about, secret: options.secret ?? false })

type Read<R> = { readonly [K in keyof R]: R[K] extends Described<infer A> ? A : never }

/** A variable of the environment does not do; the message names it and says what it takes. */
export class WrongSetting extends Schema.TaggedError<WrongSetting>()("WrongSetting", { message: Schema.String }) {}

/** Reads them all as one record of the same names. */
export const readSettings = <R extends Readonly<Record<string, Described<unknown>>>>(
  described: R
): Effect.Effect<Read<R>, WrongSetting> => {
  const configs = Object.entries(described).map(([key, { config }]) => [key, config] as const)
  const all = Config.all(Object.fromEntries(configs)) as unknown as Config.Config<Read<R>>
  const settings = Object.values(described).map(({ setting }) => setting)
  return Effect.mapError(all, (error) => new WrongSetting({ message: sentence(error, settings) }))
}

/** The library's message has the place in it and, of a secret, what stood there. */
const sentence = ({ message }: Config.ConfigError, settings: ReadonlyArray<Setting>): string => {
  const wrong = settings.find(({ name }) => message.includes(`["${name}"]`))
  return wrong === undefined ? "The environment cannot be read." : `${wrong.name} must be ${wrong.takes}.`
}
