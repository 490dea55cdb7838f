/**
 * Goal: while more passwords are being hashed than may wait, whoever comes is told to try again, and is not left waiting.
 * Method: all places taken by hashes that cost next to nothing; then a password to be hashed, and a user to be made.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { describe, it } from "vitest"
import type { AccessShape } from "../../src/access/layer.ts"
import { Passwords } from "../../src/access/passwords.ts"
import { OPEN } from "../../src/access/principal.ts"
import { PASSWORDS_AT_ONCE_MAX, PASSWORDS_WAITING_MAX } from "../../config/access.ts"
import { AccessRoutes } from "../../src/gateway/http/access.ts"
import type { Response } from "../../src/gateway/serving.ts"

const CHEAP = `scrypt$10$8$1$${"A".repeat(22)}$${"A".repeat(43)}`

/** Settles when all of them are done. */
const takeAllPlaces = (passwords: Passwords): Promise<ReadonlyArray<boolean | undefined>> =>
  Promise.all(
    Array.from({ length: PASSWORDS_AT_ONCE_MAX + PASSWORDS_WAITING_MAX }, () => passwords.isRight("wrong", CHEAP))
  )

describe("passwords while all places are taken", () => {
  it("are not hashed, those that wait are, and then there is room again", async () => {
    const passwords = new Passwords()
    const taken = takeAllPlaces(passwords)
    assert.equal(await passwords.hash("one too many"), undefined)
    assert.equal(await passwords.isRight("one too many", CHEAP), undefined)
    assert.ok((await taken).every((isRight) => isRight === false))
    const stored = await passwords.hash("there is room")
    assert.equal(await passwords.isRight("there is room", stored), true)
  })

  it("of a new user are refused with the time to wait", async () => {
    const passwords = new Passwords()
    const taken = takeAllPlaces(passwords)
    const routes = new AccessRoutes({
      access: { passwords } as unknown as AccessShape,
      nowMs: () => 0,
      run: (effect) => void Effect.runFork(effect)
    })
    const body = Buffer.from(JSON.stringify({ name: "ann", roles: ["viewer"] }))
    const head = { method: "post", path: "/v1/access/users", query: new URLSearchParams(), search: "", address: "::1" }
    const request = { ...head, headers: {}, body, receivedAtMs: 0, principal: OPEN }
    const { status, headers } = await new Promise<Response>((resolve) => routes.addUser(request, resolve))
    assert.equal(status, 429)
    assert.equal(headers?.["retry-after"], "1")
    await taken
  })
})
