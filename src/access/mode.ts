/**
 * Whether who calls must be known. Open is only ever the loopback address: whoever reaches that is on this machine already.
 */
import type { AccessConfig } from "../../config/access.ts"
import { isEncryptedOrHere, isLoopback } from "../../config/address.ts"
import type { AccessOptions } from "./layer.ts"

export type AccessMode = "open" | "required"

/** How the hub stands among pages and proxies. */
export interface ExposureOptions {
  readonly corsOrigins: ReadonlyArray<string>
  readonly proxiesTrusted: number
}

interface Wrong {
  readonly wrong: string
}

/** A sentence when the settings do not go together. */
export const accessMode = (setting: AccessConfig["access"], host: string): AccessMode | Wrong => {
  if (setting === "required") return "required"
  if (isLoopback(host)) return "open"
  if (setting === "when-exposed") return "required"
  return { wrong: `HOLDFAST_ACCESS=off is only taken on the loopback address, and HOST is ${host}.` }
}

export const accessOptions = (settings: AccessConfig, host: string): (AccessOptions & ExposureOptions) | Wrong => {
  const mode = accessMode(settings.access, host)
  if (typeof mode !== "string") return mode
  const { jwksUrl, proxiesTrusted, jwtAudience: audience, jwtIssuer: issuer, jwtRolesClaim: rolesClaim } = settings
  const origins = settings.corsOrigins.split(",").map((origin) => origin.trim())
  const corsOrigins = origins.filter((origin) => origin !== "")
  const odd = corsOrigins.find((origin) => !isOrigin(origin))
  if (odd !== undefined) return { wrong: `CORS_ORIGINS has ${odd}, which is no origin such as https://shop.example.` }
  if (jwksUrl === undefined) return { mode, tokens: undefined, corsOrigins, proxiesTrusted }
  if (!isEncryptedOrHere(jwksUrl)) return { wrong: "JWT_JWKS_URL must be an https address, or http on this machine." }
  if (issuer === undefined || audience === undefined) {
    return {
      wrong: "JWT_JWKS_URL needs JWT_ISSUER and JWT_AUDIENCE: a token of any other service would do without them."
    }
  }
  return { mode, tokens: { jwksUrl, issuer, audience, rolesClaim }, corsOrigins, proxiesTrusted }
}

const isOrigin = (text: string): boolean => {
  try {
    return new URL(text).origin === text
  } catch {
    return false
  }
}
