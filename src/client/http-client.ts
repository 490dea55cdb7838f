/**
 * The hub over HTTP, for browsers and programs: calls typed by the schemas that its OpenAPI document is made from, and nothing
 * but `fetch` at run time.
 *
 * H1 A call never throws: what went wrong is a value with a code. H2 Only what is safe to repeat is sent again: reads, and
 * messages that all carry a mutation id. H3 A call ends within `timeoutMs`, tries and waits together.
 */
import type { Schema } from "effect"
import type { Text } from "../gateway/openapi/description.ts"
import type { Addresses } from "../gateway/openapi/parts.ts"

type Method = "get" | "post" | "put" | "delete"
/** Pages, figures and what others sign are no JSON that a call could send or read. */
type NoJson = { readonly answer: Text } | { readonly body: Text }
/** The addresses that a method has. */
export type PatternOf<M extends Method> = {
  readonly [Key in keyof Addresses]: Key extends `${M} ${infer P}` ? (Addresses[Key] extends NoJson ? never : P) : never
}[keyof Addresses]
type At<M extends Method, P extends string> = Addresses[`${M} ${P}` & keyof Addresses]
type NamesIn<P extends string> = P extends `${string}:${infer Name}/${infer Rest}`
  ? Name | NamesIn<Rest>
  : P extends `${string}:${infer Name}`
    ? Name
    : never
type TypeOf<S> = S extends Schema.Schema<infer A> ? A : never
type Of<A, Field extends string> = A extends Readonly<Record<Field, infer S>> ? TypeOf<S> : never
type Needs<Field extends string, A> = [A] extends [never] ? object : { readonly [K in Field]: A }
type Names<P extends string> = Needs<
  "names",
  [NamesIn<P>] extends [never] ? never : Readonly<Record<NamesIn<P>, string>>
>

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Milliseconds for the call as a whole; default 10,000. */
  readonly timeoutMs?: number
}

/** What a call takes: names in its address, what stands behind the question mark, and a body. */
export type Asked<M extends Method, P extends string> = CallOptions &
  Names<P> &
  Partial<Needs<"query", Of<At<M, P>, "query">>> &
  (At<M, P> extends { readonly isBodyOptional: true }
    ? Partial<Needs<"body", Of<At<M, P>, "body">>>
    : Needs<"body", Of<At<M, P>, "body">>)

export type Answer<M extends Method, P extends string> = Of<At<M, P>, "answer">

/**
 * `refused`: the hub has said no, by the contract's codes. The others are of the way there: after `unreachable`, `timed_out` and
 * `aborted` nobody knows whether it was done; the same mutation id may be sent again. `unreadable`: it was no hub that answered.
 */
export type Failure =
  | {
      readonly kind: "refused"
      readonly status: number
      readonly code: string
      readonly message: string
      readonly path?: string
      readonly retryAfterMs?: number
    }
  | { readonly kind: "unreachable" | "timed_out" | "aborted" | "unreadable"; readonly message: string }

export type Outcome<A> = { readonly ok: true; readonly value: A } | { readonly ok: false; readonly failure: Failure }

/** A read or a message with a mutation id is tried so often in all. */
const TRIES_MAX = 3
const TIMEOUT_MS = 10_000
const PAUSE_MS = 200
/** Answers after which nothing was done: the hub has no room or lacks what it needs. */
const PASSING = new Set([429, 503])

interface Loose extends CallOptions {
  readonly names?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

export class HttpClient {
  private readonly url: string
  private readonly headers: Readonly<Record<string, string>>

  /** `url`: the hub's, as `http://127.0.0.1:3020`; "" in its own pages. `key`: where access control is on. */
  constructor(url: string, key?: string, headers: Readonly<Record<string, string>> = {}) {
    this.url = url.replace(/\/$/, "")
    this.headers = key === undefined ? headers : { ...headers, authorization: `Bearer ${key}` }
  }

  get<P extends PatternOf<"get">>(pattern: P, asked: Asked<"get", P>): Promise<Outcome<Answer<"get", P>>> {
    return this.call("get", pattern, asked as Loose)
  }

  post<P extends PatternOf<"post">>(pattern: P, asked: Asked<"post", P>): Promise<Outcome<Answer<"post", P>>> {
    return this.call("post", pattern, asked as Loose)
  }

  put<P extends PatternOf<"put">>(pattern: P, asked: Asked<"put", P>): Promise<Outcome<Answer<"put", P>>> {
    return this.call("put", pattern, asked as Loose)
  }

  delete<P extends PatternOf<"delete">>(pattern: P, asked: Asked<"delete", P>): Promise<Outcome<Answer<"delete", P>>> {
    return this.call("delete", pattern, asked as Loose)
  }

  private async call<A>(method: Method, pattern: string, asked: Loose): Promise<Outcome<A>> {
    const deadline = AbortSignal.timeout(asked.timeoutMs ?? TIMEOUT_MS)
    const signal = asked.signal === undefined ? deadline : AbortSignal.any([asked.signal, deadline])
    const triesMax = method === "get" || isRepeatable(asked.body) ? TRIES_MAX : 1
    for (let tries = 1; ; tries++) {
      const outcome = await this.once<A>(method, this.url + addressOf(pattern, asked), asked.body, signal)
      if (outcome.ok || tries === triesMax || !isPassing(outcome.failure)) return outcome
      const { failure } = outcome
      const toldMs = failure.kind === "refused" ? (failure.retryAfterMs ?? 0) : 0
      await pause(Math.max(toldMs, PAUSE_MS * 2 ** (tries - 1) * (0.5 + Math.random() / 2)), signal)
    }
  }

  private async once<A>(method: Method, address: string, body: unknown, signal: AbortSignal): Promise<Outcome<A>> {
    try {
      const response = await fetch(address, {
        method: method.toUpperCase(),
        headers: {
          ...this.headers,
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" })
        },
        signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      return read<A>(response.status, await response.text())
    } catch (error) {
      return failed(
        signal.aborted ? endOf(signal) : "unreachable",
        error instanceof Error ? error.message : String(error)
      )
    }
  }
}

const failed = (kind: Exclude<Failure["kind"], "refused">, message: string): Outcome<never> => ({
  ok: false,
  failure: { kind, message }
})

const endOf = ({ reason }: AbortSignal): "timed_out" | "aborted" =>
  (reason as { readonly name?: string } | undefined)?.name === "TimeoutError" ? "timed_out" : "aborted"

const read = <A>(status: number, text: string): Outcome<A> => {
  const body = parsed(text)
  if (body === undefined) return failed("unreadable", `${status} came with what is no JSON.`)
  if (status >= 200 && status < 300) return { ok: true, value: body.value as A }
  const refusal = (body.value ?? {}) as { readonly code?: unknown; readonly message?: unknown }
  if (typeof refusal.code !== "string" || typeof refusal.message !== "string") {
    return failed("unreadable", `${status} came without a code.`)
  }
  return { ok: false, failure: { ...refusal, kind: "refused", status } as Failure }
}

const parsed = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

const isPassing = (failure: Failure): boolean =>
  failure.kind === "unreachable" || (failure.kind === "refused" && PASSING.has(failure.status))

const isRepeatable = (body: unknown): boolean => {
  const messages: ReadonlyArray<unknown> = Array.isArray(body) ? body : [body]
  return messages.every((one) => typeof (one as { readonly mutationId?: unknown } | undefined)?.mutationId === "string")
}

const addressOf = (pattern: string, { names = {}, query = {} }: Loose): string => {
  const path = pattern.replaceAll(/:(\w+)/g, (_whole, name: string) => encodeURIComponent(names[name] ?? ""))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  return search.size === 0 ? path : `${path}?${search.toString()}`
}

/** Ends early when the call does. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true }
    )
  })
