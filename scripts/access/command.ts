/**
 * `holdfast access`: users, keys, adapters and the audit record, from the command line of the hub's machine, or with `HOLDFAST_KEY` of an
 * administrator. What is shown once is printed once, on standard output and nowhere else.
 *
 * Exit codes: 0 done, 2 wrong usage or refused, 3 the hub cannot be asked.
 */
import { Argument, type Command, Option } from "commander"
import { ROLES } from "../../actors/access/actions.ts"
import type { Bounds } from "../../actors/access/may.ts"
import type { StoredAct } from "../../src/access/acts.ts"
import type { KeyView, UserView } from "../../src/access/protocol.ts"
import { headersOf, readRunFile } from "../run-file.ts"

interface Grants {
  readonly role: ReadonlyArray<string>
  readonly tenant?: string
  readonly channel?: ReadonlyArray<string>
}

export const register = (program: Command): void => {
  const access = program.command("access").description("who may do what: users, keys, and what was done")
  registerUsers(access.command("users").description("people who sign in"))
  registerKeys(access.command("keys").description("keys of programs and adapters"))
  registerAdapters(access.command("adapters").description("programs that come to the hub's own NATS server"))
  access
    .command("audit")
    .description("what was done, newest first")
    .option("--limit <n>", "so many", "50")
    .action(({ limit }: { readonly limit: string }) => finish(() => acts(limit)))
}

const granting = (command: Command): Command =>
  command
    .addOption(new Option("--role <roles...>", "what it may").choices(ROLES).makeOptionMandatory())
    .option("--tenant <name>", "only what is named below <name>/")
    .option("--channel <names...>", "only what is of these channels")

const registerUsers = (users: Command): void => {
  const name = () => new Argument("<user>", "the name to sign in with")
  users.command("list").action(() => finish(listUsers))
  granting(users.command("add").addArgument(name()))
    .description("makes a user with a one-time password, which is printed once")
    .action((user: string, grants: Grants) =>
      finish(async () => {
        const made = await ask<{ readonly oneTimePassword: string }>("POST", "/users", {
          name: user,
          ...bodyOf(grants)
        })
        say(`${user} signs in once with ${made.oneTimePassword} and then chooses a password`)
      })
    )
  granting(users.command("change").addArgument(name()))
    .description("gives a user other roles and bounds")
    .action((user: string, grants: Grants) => finish(() => ask("PUT", `/users/${encoded(user)}`, bodyOf(grants))))
  users
    .command("remove")
    .addArgument(name())
    .description("ends the user's sessions at once, too")
    .action((user: string) => finish(() => ask("DELETE", `/users/${encoded(user)}`)))
  users
    .command("reset-password")
    .addArgument(name())
    .description("gives a new one-time password and ends every session")
    .action((user: string) =>
      finish(async () => {
        const made = await ask<{ readonly oneTimePassword: string }>("POST", `/users/${encoded(user)}/password`)
        say(`${user} signs in once with ${made.oneTimePassword} and then chooses a password`)
      })
    )
  users
    .command("sign-out")
    .addArgument(name())
    .description("ends every session of the user")
    .action((user: string) => finish(() => ask("DELETE", `/users/${encoded(user)}/sessions`)))
}

const registerKeys = (keys: Command): void => {
  const id = () => new Argument("<key>", "its id, as keys list shows it")
  keys.command("list").action(() => finish(listKeys))
  granting(keys.command("add").argument("<name>", "what it is for"))
    .description("makes a key, which is printed once")
    .option("--action <actions...>", "of what the roles may, only these")
    .option("--expires <time>", "when it ends (ISO 8601)")
    .action((name: string, { action, expires, ...grants }: Grants & KeyOptions) =>
      finish(async () => {
        const body = { name, ...bodyOf(grants), actions: action, expiresAt: expires }
        say((await ask<{ readonly secret: string }>("POST", "/keys", body)).secret)
      })
    )
  keys
    .command("rotate")
    .addArgument(id())
    .option("--overlap-hours <n>", "for so long the former secret stays good", "24")
    .description("makes a new secret, which is printed once")
    .action((key: string, { overlapHours }: { readonly overlapHours: string }) =>
      finish(async () => {
        const body = { overlapMs: Math.round(Number(overlapHours) * 3_600_000) }
        say((await ask<{ readonly secret: string }>("POST", `/keys/${encoded(key)}/rotate`, body)).secret)
      })
    )
  keys
    .command("revoke")
    .addArgument(id())
    .description("ends it, and the sockets that it opened, at once")
    .action((key: string) => finish(() => ask("DELETE", `/keys/${encoded(key)}`)))
}

const registerAdapters = (adapters: Command): void => {
  const channel = () => new Argument("<channel>", "the one that it speaks for")
  adapters.command("list").action(() => finish(listAdapters))
  adapters
    .command("add")
    .addArgument(channel())
    .description("lets one in for a channel; the address with its password is printed once")
    .action((name: string) =>
      finish(async () => say((await ask<{ readonly url: string }>("POST", "/adapters", { channel: name })).url))
    )
  adapters
    .command("remove")
    .addArgument(channel())
    .description("lets it in no more, and closes its connections at once")
    .action((name: string) => finish(() => ask("DELETE", `/adapters/${encoded(name)}`)))
}

const listAdapters = async (): Promise<void> => {
  const { items } = await ask<{ readonly items: ReadonlyArray<AdapterView> }>("GET", "/adapters")
  for (const { addedAt, channel } of items) say(`${channel.padEnd(24)} since ${addedAt}`)
}

interface AdapterView {
  readonly channel: string
  readonly addedAt: string
}

interface KeyOptions {
  readonly action?: ReadonlyArray<string>
  readonly expires?: string
}

const bodyOf = ({ role, tenant, channel }: Grants) => ({ roles: role, tenant, channels: channel })
const encoded = (name: string): string => encodeURIComponent(name)
const say = (text: string): void => void process.stdout.write(`${text}\n`)

class Refused extends Error {}
class Silent extends Error {}

const finish = async (work: () => Promise<unknown>): Promise<void> => {
  try {
    await work()
    process.exitCode = 0
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Silent)) throw error
    process.stderr.write(`holdfast access: ${error.message}\n`)
    process.exitCode = error instanceof Silent ? 3 : 2
  }
}

const ask = async <Answer>(method: string, path: string, body?: unknown, under = "/v1/access"): Promise<Answer> => {
  const run = readRunFile()
  let response: Response
  try {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    response = await fetch(`${run.hub}${under}${path}`, { method, headers: headersOf(run), ...sent })
  } catch (cause) {
    throw new Silent("The hub does not answer; see holdfast status.", { cause })
  }
  const answer = (await response.json()) as { readonly message?: string }
  if (!response.ok) throw new Refused(answer.message ?? `The hub answered ${response.status}.`)
  return answer as Answer
}

const bounds = ({ tenant, channels, actions }: Bounds): string =>
  [
    tenant === undefined ? "" : ` below ${tenant}/`,
    channels === undefined ? "" : ` of ${channels.join(", ")}`,
    actions === undefined ? "" : ` only ${actions.join(", ")}`
  ].join("")

const listUsers = async (): Promise<void> => {
  const { items } = await ask<{ readonly items: ReadonlyArray<UserView> }>("GET", "/users")
  for (const user of items) {
    const note = user.mustChangePassword ? "  (has a one-time password)" : ""
    say(`${user.name.padEnd(24)} ${user.roles.join(", ")}${bounds(user)}${note}`)
  }
}

const listKeys = async (): Promise<void> => {
  const { items } = await ask<{ readonly items: ReadonlyArray<KeyView> }>("GET", "/keys")
  for (const key of items) {
    const ends = key.expiresAt === undefined ? "" : `  until ${key.expiresAt}`
    say(
      `${key.id}  ${key.name.padEnd(24)} ${key.roles.join(", ")}${bounds(key)}  used ${key.lastUsedAt ?? "never"}${ends}`
    )
  }
}

const acts = async (limit: string): Promise<void> => {
  const path = `?limit=${encodeURIComponent(limit)}`
  const { items } = await ask<{ readonly items: ReadonlyArray<StoredAct> }>("GET", path, undefined, "/v1/audit")
  for (const { at, who, action, target, outcome } of items) {
    say(`${at}  ${who.kind} ${who.name}  ${action}  ${target}  ${outcome}`)
  }
}
