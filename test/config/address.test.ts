/**
 * Goal: no address lets secrets travel in the open, and none is printed with a password, however it is written.
 * Method: addresses as people write them, wrong ones among them.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { isEncryptedOrHere, isHere, withoutSecret } from "../../config/address.ts"
import { serverOf } from "../../streams/nats/connection.ts"

describe("an address", () => {
  it("is https, or plain http on this machine", () => {
    const here = ["http://localhost:1", "http://127.0.0.1", "http://127.9.0.1:3020", "http://[::1]:80/a"]
    for (const address of ["https://a.example/b?c=d", ...here]) assert.ok(isEncryptedOrHere(address), address)
    for (const address of here) assert.ok(isHere(address), address)
    for (const address of ["http://a.example", "http://127.0.0.1.a.example", "ftp://localhost", "localhost", ""]) {
      assert.ok(!isEncryptedOrHere(address), address)
    }
    for (const address of ["https://127.0.0.1.a.example", "https://10.0.0.1", "localhost", ""]) {
      assert.ok(!isHere(address), address)
    }
  })

  it("is printed without its password, also one that nobody has encoded, of a list, or of no address", () => {
    const cases = [
      ["redis://h:1", "redis://h:1"],
      ["redis://:hush@h:1/0", "redis://h:1/0"],
      ["redis://:hu@sh@h:1", "redis://h:1"],
      ["postgres://u:hu/sh@h/d", "postgres://h/d"],
      ["nats://u:hush@h:99999", "nats://h:99999"],
      ["nats://u:hush@a:1,nats://v:hu,sh@b:2", "nats://a:1,nats://b:2"]
    ] as const
    for (const [address, printed] of cases) assert.equal(withoutSecret(address), printed)
  })

  it("of NATS may have a percent sign in its password that stands for itself", () => {
    assert.deepEqual(serverOf("nats://hub:100%25@h:1"), { servers: "nats://h:1", user: "hub", pass: "100%" })
    assert.deepEqual(serverOf("nats://hub:100%@h:1"), { servers: "nats://h:1", user: "hub", pass: "100%" })
  })
})
