/**
 * What customers decide in a turn, and what of it is the answer.
 */
import { type CustomerBook, settingsRecord } from "../../actors/customer/book.ts"
import { type CustomerCommand, ownerOf, type SetRecoverySettings } from "../../actors/customer/commands.ts"
import type { CustomerRecord } from "../../actors/customer/customer.ts"
import { type Circumstances, decideCustomers, decideDueCustomer, type Happened } from "../../actors/customer/decide.ts"
import { decideSettings } from "../../actors/recovery/settings-history.ts"
import { TURN_DUE_CUSTOMERS_MAX } from "../../config/recovery.ts"
import type { Keeper, OwnerRules } from "../host/owner-turn.ts"
import type { CustomerAnswer } from "./mail.ts"

/** What is known at the moment of deciding, but for the time. */
export type Surroundings = Omit<Circumstances, "at">

/** Whether anything happened to anybody. */
const keep = (happened: Happened, mutationId: string, keeper: Keeper<CustomerBook, CustomerRecord>): boolean => {
  let changed = false
  for (const { customerId, events, sealed } of happened) {
    if (events.length === 0) continue
    changed = true
    const version = (keeper.book.find(customerId)?.version ?? 0) + 1
    keeper.keep({ customerId, version, mutationId, events, ...(sealed === undefined ? {} : { sealed }) })
  }
  return changed
}

/** A conflict is decided afresh each time: its sender will look, and may keep the id. */
const change = (
  command: SetRecoverySettings,
  hash: string,
  keeper: Keeper<CustomerBook, CustomerRecord>
): CustomerAnswer => {
  const { settings } = keeper.book
  const decided = decideSettings(settings, command, keeper.at)
  const { version } = settings.current
  if (decided === undefined) return { ok: true, changed: false, version }
  if (decided === "conflict") return versionConflict(command.expectedVersion, version)
  const record = settingsRecord(decided, command.mutationId)
  keeper.keep(hash === "" ? record : { ...record, hash })
  return { ok: true, changed: true, version: decided.version }
}

const versionConflict = (expected: number, version: number): CustomerAnswer => ({
  ok: false,
  code: "version_conflict",
  message: `The settings are at version ${version}, and this was made from version ${expected}. Look at what was changed meanwhile, then send it with expectedVersion ${version}.`,
  version
})

const nothing = { version: 0, events: [] } as const

/** That a message may go after all is for the journal's owner to say: it is put where another one's is refused. */
const isWithdrawal = (command: CustomerCommand): boolean =>
  command.type === "outcome" && command.outcome.type === "withdrawn"

export const customerRules = (
  surroundings: () => Surroundings
): OwnerRules<CustomerCommand, CustomerAnswer, CustomerBook, CustomerRecord> => ({
  ownerOf,
  ownerOfRecord: ({ customerId }) => customerId,
  decide: (command, hash, keeper) => {
    if (command.type === "recovery-settings") return change(command, hash, keeper)
    const { mutationId } = command
    const happened = decideCustomers(keeper.book, command, { ...surroundings(), at: keeper.at })
    const changed = keep(happened, mutationId, keeper)
    if (hash !== "") keeper.note({ ...nothing, customerId: ownerOf(command), mutationId, hash })
    else if (!changed && isWithdrawal(command)) keeper.note({ ...nothing, customerId: ownerOf(command), mutationId })
    return { ok: true, changed }
  },
  // Whether it had changed something is not kept: asked again it changes nothing.
  answerOf: ({ settings }) => ({
    ok: true,
    changed: false,
    ...(settings === undefined ? {} : { version: settings.version })
  }),
  repeated: (answer) => ({ ...answer, ok: true, changed: false, replayed: true }),
  decideDue: (key, keeper) => {
    const events = decideDueCustomer(keeper.book, key, { ...surroundings(), at: keeper.at })
    keep([{ customerId: key, events }], `due:${key}:${keeper.at}`, keeper)
  },
  dueMax: TURN_DUE_CUSTOMERS_MAX
})
