/**
 * The Redis of a hub.
 */
import { Redis } from "ioredis"
import { withoutSecret } from "../../config/address.ts"
import { doubtful, type Finding, isAtLeast, skew, well, wrong } from "./finding.ts"

const ABOUT = "Redis"
const VERSION_MIN = [7]
const ANSWER_MS_MAX = 3_000
/** Of the memory that it may take. */
const FULL = 0.8

export const redis = async (url: string): Promise<ReadonlyArray<Finding>> => {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: ANSWER_MS_MAX,
    commandTimeout: ANSWER_MS_MAX
  })
  // Why it was not let in is told here; to whoever waits, only that the line is closed.
  let said = ""
  client.on("error", ({ message }: Error) => (said += message))
  try {
    await client.connect()
    const info = fieldsOf(await client.info())
    const beforeMs = Date.now()
    const [seconds, micros] = (await client.time()) as unknown as readonly [string | number, string | number]
    const theirsMs = Number(seconds) * 1_000 + Number(micros) / 1_000
    return [version(info), ...kept(info), skew(ABOUT, theirsMs, beforeMs, Date.now())]
  } catch (error) {
    return [unreachable(url, `${said} ${String(error)}`)]
  } finally {
    client.disconnect()
  }
}

const unreachable = (url: string, said: string): Finding =>
  /NOAUTH|WRONGPASS|NOPERM|invalid password/i.test(said)
    ? wrong(
        ABOUT,
        `The one at ${withoutSecret(url)} refuses the user or password.`,
        "Put the right ones into REDIS_URL."
      )
    : wrong(
        ABOUT,
        `None answers at ${withoutSecret(url)}.`,
        "Start it, or set REDIS_URL; without that the hub runs its own."
      )

type Info = Readonly<Record<string, string>>

const fieldsOf = (text: string): Info =>
  Object.fromEntries(
    text.split("\r\n").flatMap((line) => {
      const at = line.indexOf(":")
      return at > 0 && !line.startsWith("#") ? [[line.slice(0, at), line.slice(at + 1)]] : []
    })
  )

/** Valkey tells a version of Redis as well, 7.2.4, and its own beside it. */
const version = (info: Info): Finding => {
  const own = info["valkey_version"]
  const given = info["redis_version"] ?? "0"
  if (own !== undefined) return well(ABOUT, `Valkey ${own}`)
  return isAtLeast(given, VERSION_MIN)
    ? well(ABOUT, given)
    : wrong(ABOUT, `Version ${given} is too old.`, `Install Redis ${VERSION_MIN.join(".")} or newer, or Valkey.`)
}

const kept = (info: Info): ReadonlyArray<Finding> => {
  const limit = Number(info["maxmemory"] ?? 0)
  const policy = info["maxmemory_policy"] ?? "noeviction"
  const used = Number(info["used_memory"] ?? 0)
  if (limit === 0) return [well(ABOUT, "it drops nothing")]
  if (policy !== "noeviction") {
    return [
      wrong(
        ABOUT,
        `It drops keys when ${limit} bytes are full (maxmemory-policy ${policy}): SKUs would vanish for whoever reads them there.`,
        "Set maxmemory-policy noeviction."
      )
    ]
  }
  if (used < limit * FULL) return [well(ABOUT, "it drops nothing")]
  return [doubtful(ABOUT, `It uses ${used} of ${limit} bytes.`, "Raise maxmemory: full, it takes no change any more.")]
}
