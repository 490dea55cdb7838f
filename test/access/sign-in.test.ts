/**
 * Goal: guessing is slowed down whoever does it, and a session ends when nobody uses it, whatever socket hangs on it.
 * Method: the throttle, and the authenticator with a clock of its own; then a real hub at which somebody with a user of their own
 * guesses the passwords of others.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { failedAgain, FREE_TRIES, FREE_TRIES_OF_ADDRESS, oneLess, waitMs } from "../../actors/access/throttle.ts"
import { initialState, type User } from "../../actors/access/state.ts"
import { SESSION_IDLE_MS, SESSION_MS_MAX } from "../../config/access.ts"
import { Authenticator } from "../../src/access/authenticate.ts"
import type { Known } from "../../src/access/principal.ts"
import { hashSecret, newSecret } from "../../src/access/secrets.ts"
import { Sessions } from "../../src/access/sessions.ts"
import type { AccessStore } from "../../src/access/store.ts"
import { caller, local } from "../support/access.ts"
import { startHub } from "../support/hub.ts"

const HOUR_MS = 3_600_000

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

  it("count for the address although somebody there signs in by a name of their own in between", async () => {
    const hub = await startHub({ HOLDFAST_ACCESS: "required" })
    try {
      const made = await local(hub)("POST", "/v1/access/users", { name: "eve", roles: ["viewer"] })
      const eve = { name: "eve", password: String(made.body["oneTimePassword"]) }
      const signIn = (body: unknown) => caller(hub)("POST", "/v1/access/session", body)
      const outcomes: Array<number> = []
      for (let guess = 0; guess < FREE_TRIES_OF_ADDRESS + 2; guess++) {
        outcomes.push((await signIn({ name: `somebody-${guess % 7}`, password: "a guess of hers" })).status)
        if (guess % 3 === 0) outcomes.push((await signIn(eve)).status)
      }
      assert.ok(outcomes.includes(200) && outcomes.includes(401))
      assert.equal(outcomes.filter((status) => status === 401).length, FREE_TRIES_OF_ADDRESS)
      assert.equal(outcomes.at(-1), 429)
    } finally {
      await hub.stop()
    }
    // Thirty passwords are hashed one after another, each for half a second.
  }, 180_000)
})

describe("a session", () => {
  const user: User = {
    name: "ann",
    roles: ["viewer"],
    passwordHash: "",
    isOneTime: false,
    addedAt: 0,
    sessionsFrom: 0
  }

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
