/**
 * Goal: no token is believed that the identity provider has not signed for this hub, for now.
 * Method: a local provider with real keys; tokens made wrong in each way that is known to have let people in elsewhere.
 */
import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose"
import { afterAll, beforeAll, describe, it } from "vitest"
import { TokenRefused, Tokens } from "../../src/access/tokens.ts"

const ISSUER = "https://id.example"
const AUDIENCE = "holdfast"
const NOW = new Date("2026-05-04T12:00:00Z")
const NOW_SECONDS = NOW.getTime() / 1_000

type Pair = Awaited<ReturnType<typeof generateKeyPair>>

let provider: Server
let fetched = 0
let keys: Readonly<Record<"RS256" | "ES256" | "EdDSA" | "stranger", Pair>>
let tokens: Tokens

beforeAll(async () => {
  keys = {
    RS256: await generateKeyPair("RS256"),
    ES256: await generateKeyPair("ES256"),
    EdDSA: await generateKeyPair("EdDSA"),
    stranger: await generateKeyPair("RS256")
  }
  const jwks = await Promise.all(
    (["RS256", "ES256", "EdDSA"] as const).map(async (alg) => ({
      ...(await exportJWK(keys[alg].publicKey)),
      kid: alg,
      alg
    }))
  )
  provider = createServer((_request, response) => {
    fetched++
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify({ keys: jwks }))
  })
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve))
  const jwksUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/jwks`
  tokens = new Tokens({ jwksUrl, issuer: ISSUER, audience: AUDIENCE, rolesClaim: "roles" })
})
afterAll(() => provider.close())

const claims: JWTPayload = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: "ann",
  exp: NOW_SECONDS + 600,
  roles: ["operator", "emperor"]
}

const signed = (payload: JWTPayload, alg: "RS256" | "ES256" | "EdDSA" = "RS256", kid: string = alg, by = keys[alg]) =>
  new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(by.privateKey)

const isRefused = (token: string): Promise<void> =>
  assert.rejects(tokens.principal(token, NOW), (error) => error instanceof TokenRefused)

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")

describe("a token", () => {
  it("that the provider has signed says who somebody is, with the roles that there are, until it ends", async () => {
    for (const alg of ["RS256", "ES256", "EdDSA"] as const) {
      const principal = await tokens.principal(await signed({ ...claims, tenant: "acme", channels: ["web"] }, alg), NOW)
      assert.deepEqual(principal, {
        kind: "token",
        name: "ann",
        roles: ["operator"],
        until: (NOW_SECONDS + 600) * 1_000,
        tenant: "acme",
        channels: ["web"]
      })
    }
    assert.deepEqual((await tokens.principal(await signed({ ...claims, roles: "viewer auditor" }), NOW)).roles, [
      "viewer",
      "auditor"
    ])
  })

  it("of another time, provider, service or nobody is refused", async () => {
    const { exp: _exp, ...endless } = claims
    const { sub: _sub, ...nobody } = claims
    for (const payload of [
      { ...claims, exp: NOW_SECONDS - 60 },
      { ...claims, nbf: NOW_SECONDS + 60 },
      { ...claims, iss: "https://evil.example" },
      { ...claims, aud: "another-service" },
      endless,
      nobody,
      { ...claims, tenant: 7 },
      { ...claims, tenant: "" },
      { ...claims, channels: "web" },
      { ...claims, channels: [7] },
      { ...claims, channels: [""] }
    ]) {
      await isRefused(await signed(payload as JWTPayload))
    }
  })

  it("without a signature, or with one that anybody could make, is refused", async () => {
    const payload = encoded(claims)
    for (const alg of ["none", "None", "NONE", "nOnE", ""]) await isRefused(`${encoded({ alg })}.${payload}.`)
    // The public key as the secret of an HMAC, which a verifier that goes by the token's own word would take.
    for (const secret of [
      await exportSPKI(keys.RS256.publicKey),
      JSON.stringify(await exportJWK(keys.RS256.publicKey))
    ]) {
      for (const kid of ["RS256", undefined]) {
        const head = encoded({ alg: "HS256", kid })
        const mac = createHmac("sha256", secret).update(`${head}.${payload}`).digest("base64url")
        await isRefused(`${head}.${payload}.${mac}`)
      }
    }
  })

  it("whose signature is of a stranger, of another key, or of another text is refused", async () => {
    await isRefused(await signed(claims, "RS256", "RS256", keys.stranger))
    await isRefused(await signed(claims, "RS256", "ES256"))
    const [head, , signature] = (await signed(claims)).split(".")
    await isRefused(`${head}.${encoded({ ...claims, roles: ["admin"] })}.${signature}`)
    // A key that the token itself brings is the sender's.
    const jwk = await exportJWK(keys.stranger.publicKey)
    const own = await new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", jwk, jku: "https://evil.example/jwks", kid: "RS256" })
      .sign(keys.stranger.privateKey)
    await isRefused(own)
    const critical = await new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: "RS256", crit: ["b64"], b64: true })
      .sign(keys.RS256.privateKey)
    assert.equal((await tokens.principal(critical, NOW)).name, "ann", "the one extension that is known")
  })

  it("that is no token is refused, however it is broken", async () => {
    for (const text of ["", ".", "..", "a.b.c", "a.b", "a.b.c.d.e", "é.è.ê", `${"x".repeat(9_000)}.y.z`])
      await isRefused(text)
  })

  it("with made-up key ids does not make the hub call out for each", async () => {
    const before = fetched
    for (let tries = 0; tries < 50; tries++) await isRefused(await signed(claims, "RS256", `made-up-${tries}`))
    assert.ok(fetched - before <= 1, `${fetched - before} fetches`)
  })
})
