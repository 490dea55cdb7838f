/**
 * Goal: guessing is slowed down whoever does it, and a session ends when nobody uses it, whatever socket hangs on it.
 * Method: the throttle, the desk at which somebody with a user of their own guesses the passwords of others, and the
 * authenticator, with clocks of their own.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { describe, it } from "vitest"
import { failedAgain, FREE_TRIES, FREE_TRIES_OF_ADDRESS, oneLess, waitMs } from "../../actors/access/throttle.ts"
import { initialState, type User } from "../../actors/access/state.ts"
import { SESSION_IDLE_MS, SESSION_MS_MAX } from "../../config/access.ts"
import { Authenticator } from "../../src/access/authenticate.ts"
import type { Known } from "../../src/access/principal.ts"
import type { Passwords } from "../../src/access/passwords.ts"
import { hashSecret, newSecret } from "../../src/access/secrets.ts"
import { Sessions } from "../../src/access/sessions.ts"
import { type SignIn, SignInDesk } from "../../src/access/sign-in.ts"
import type { AccessStore } from "../../src/access/store.ts"

const HOUR_MS = 3_600_000

const user: User = {
  name: "ann",
  roles: ["viewer"],
  passwordHash: "",
  isOneTime: false,
  addedAt: 0,
  sessionsFrom: 0
}

describe("failures to sign in", () => {
  it("make who tries wait, an address later than a name, and one that was none is taken back", () => {
    const failed = (count: number) =>
      Array.from({ length: count }).reduce<ReturnType<typeof failedAgain>>((before) => failedAgain(before, 0), {
        count: 0,
        lastAt: 0
      })
    assert.equal(waitMs(failed(FREE_TRIES - 1), 0), 0)
    assert.equal(waitMs(failed(FREE_TRIES), 0), 1_000)
    assert.equal(waitMs(failed(FREE_TRIES + 3), 0), 8_000)
    assert.equal(waitMs(failed(FREE_TRIES_OF_ADDRESS - 1), 0, FREE_TRIES_OF_ADDRESS), 0)
    assert.equal(waitMs(failed(FREE_TRIES_OF_ADDRESS), 0, FREE_TRIES_OF_ADDRESS), 1_000)
    assert.equal(waitMs(oneLess(failed(FREE_TRIES)), 0), 0)
    assert.equal(waitMs(oneLess(failedAgain(undefined, 0)), 0), 0)
  })

  /** Of whom eve alone has a password; the clock stands. */
  const deskWith = (isRight: () => boolean | undefined): SignInDesk => {
    const store = {
      sessions: new Sessions(),
      state: { ...initialState, users: new Map([["eve", { ...user, name: "eve", passwordHash: "of eve" }]]) },
      keepSession: () => Effect.void
    } as unknown as AccessStore
    const passwords = {
      isRight: (_password: string, stored: string | undefined) =>
        Promise.resolve(isRight() === undefined ? undefined : stored === "of eve")
    } as unknown as Passwords
    return new SignInDesk(store, passwords, () => 0)
  }
  const tryBy = (desk: SignInDesk, name: string): Promise<SignIn["outcome"]> =>
    Effect.runPromise(Effect.map(desk.signIn({ name, password: "?", address: "192.0.2.1" }), ({ outcome }) => outcome))

  it("count for the address although somebody there signs in by a name of their own in between", async () => {
    const desk = deskWith(() => true)
    const outcomes: Array<SignIn["outcome"]> = []
    for (let guess = 0; guess < FREE_TRIES_OF_ADDRESS + 2; guess++) {
      outcomes.push(await tryBy(desk, `somebody-${guess % 7}`))
      if (guess % 3 === 0) outcomes.push(await tryBy(desk, "eve"))
    }
    assert.ok(outcomes.includes("in"))
    assert.equal(outcomes.filter((outcome) => outcome === "wrong").length, FREE_TRIES_OF_ADDRESS)
    assert.equal(outcomes.at(-1), "wait")
  })

  it("are none where no password was looked at, because too many came at once", async () => {
    let isBusy = true
    const desk = deskWith(() => (isBusy ? undefined : true))
    for (let come = 0; come < 2 * FREE_TRIES_OF_ADDRESS; come++) assert.equal(await tryBy(desk, "eve"), "wait")
    isBusy = false
    assert.equal(await tryBy(desk, "eve"), "in")
  })
})

describe("a session", () => {
  const opened = () => {
    const sessions = new Sessions()
    const token = newSecret()
    const clock = { ms: 1 }
    const session = { hash: hashSecret(token), user: "ann", openedAt: 1, seenAt: 1, expiresAt: 1 + SESSION_MS_MAX }
    sessions.set({ ...session, address: "192.0.2.1" })
    const state = { ...initialState, users: new Map([["ann", user]]) }
    const authenticator = new Authenticator({
      store: { sessions, state, keysUsed: new Map() } as unknown as AccessStore,
      tokens: undefined,
      localKeyHash: "",
      nowMs: () => clock.ms,
      note: () => undefined
    })
    const asks = () => authenticator.find({ method: "get", headers: { cookie: `holdfast_session=${token}` } })
    return { authenticator, clock, asks, known: asks() as Known }
  }

  it("that only an open socket is left of ends after as long as one that nobody uses", () => {
    const { authenticator, clock, known } = opened()
    for (clock.ms = HOUR_MS; clock.ms < SESSION_IDLE_MS; clock.ms += HOUR_MS) {
      assert.notEqual(authenticator.again(known), undefined)
    }
    clock.ms = SESSION_IDLE_MS + 1
    assert.equal(authenticator.again(known), undefined)
  })

  it("that is used stays, until it has been open for as long as any may, and takes its sockets with it", () => {
    const { authenticator, clock, asks, known } = opened()
    for (clock.ms = HOUR_MS; clock.ms < SESSION_MS_MAX; clock.ms += 6 * HOUR_MS) {
      assert.ok(!("refused" in asks()))
      assert.notEqual(authenticator.again(known), undefined)
    }
    clock.ms = SESSION_MS_MAX + 1
    assert.equal(authenticator.again(known), undefined)
    assert.ok("refused" in asks())
  })
})
