/**
 * Tokens (JWT) that somebody else signs: an identity provider whose public keys the hub fetches.
 *
 * T1 Only asymmetric algorithms are taken, by a list: `none` is no signature, and an HMAC under a public key is anybody's.
 * T2 iss, aud and exp must be there and right. T3 A key id that is not known makes the hub fetch again, at most every half
 * minute, so that made-up ids are not a way to have it call out. T4 The roles are those of the hub; other words are nothing.
 */
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from "jose"
import { isRole } from "../../actors/access/actions.ts"
import { JWKS_COOLDOWN_MS, JWKS_TIMEOUT_MS, TOKEN_CLOCK_SECONDS, TOKEN_LENGTH_MAX } from "../../config/access.ts"
import type { Known } from "./principal.ts"

export interface TokenSettings {
  readonly jwksUrl: string
  readonly issuer: string
  readonly audience: string
  readonly rolesClaim: string
}

const ALGORITHMS = ["RS256", "ES256", "EdDSA"]

/** Why a token is not taken, in words that tell a stranger nothing about the keys. */
export class TokenRefused extends Error {
  override readonly name = "TokenRefused"
}

export class Tokens {
  private readonly settings: TokenSettings
  private readonly keys: JWTVerifyGetKey

  constructor(settings: TokenSettings) {
    this.settings = settings
    this.keys = createRemoteJWKSet(new URL(settings.jwksUrl), {
      cooldownDuration: JWKS_COOLDOWN_MS,
      timeoutDuration: JWKS_TIMEOUT_MS
    })
  }

  /** Fails with `TokenRefused`. `at`: now. */
  async principal(token: string, at: Date): Promise<Known> {
    if (token.length > TOKEN_LENGTH_MAX) throw new TokenRefused("The token is too long.")
    const { issuer, audience, rolesClaim } = this.settings
    try {
      const { payload } = await jwtVerify(token, this.keys, {
        algorithms: ALGORITHMS,
        issuer,
        audience,
        currentDate: at,
        clockTolerance: TOKEN_CLOCK_SECONDS,
        requiredClaims: ["exp", "sub"]
      })
      return principalOf(payload, rolesClaim)
    } catch (error) {
      throw new TokenRefused(reasonOf(error))
    }
  }
}

const principalOf = (payload: JWTPayload, rolesClaim: string): Known => {
  const { tenant, channels } = payload
  if (tenant !== undefined && (typeof tenant !== "string" || tenant === "")) throw new Error("tenant")
  // The channel without a name stands for what is of no channel.
  if (channels !== undefined && (!isTexts(channels) || channels.includes(""))) throw new Error("channels")
  return {
    kind: "token",
    name: String(payload.sub),
    roles: textsOf(payload[rolesClaim]).filter(isRole),
    until: Number(payload.exp) * 1_000,
    ...(tenant === undefined ? {} : { tenant }),
    ...(channels === undefined ? {} : { channels })
  }
}

const isTexts = (value: unknown): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every((one) => typeof one === "string")

const textsOf = (claim: unknown): ReadonlyArray<string> => {
  if (typeof claim === "string") return claim.split(" ")
  return isTexts(claim) ? claim : []
}

const reasonOf = (error: unknown): string => {
  if (error instanceof errors.JWTExpired) return "The token has expired."
  if (error instanceof errors.JWKSTimeout) return "The keys that tokens are signed with cannot be fetched now."
  return "The token is not valid here."
}
