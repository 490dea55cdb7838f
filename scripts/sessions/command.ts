/**
 * `holdfast sessions`: a shop's sessions become carts, orders and messages, and every number is compared with the carriers'
 * and Stripe's own books.
 *
 * Exit codes: 0 all books agree, 1 a number differs, 2 wrong usage or a file that cannot be read.
 */
import cliProgress from "cli-progress"
import type { Command } from "commander"
import { runSessions } from "../shoppers/run.ts"
import { makeSessions, readSessions, type Session } from "../shoppers/sessions.ts"
import { Random } from "../simulate/random.ts"

interface Given {
  readonly made: string
  readonly seed: string
  readonly speed: string
  readonly atOnce: string
}

/** Nothing is killed here, and this machine's Twilio lists at once what it was given. */
const GRACE_MS = 5_000
/** 22 hours are 2.6 seconds then, and a week 20. */
const SHORTER_DAYS = 30_000
/** Five minutes are a second then, the shortest that a hub takes for a checkout that is left. */
const SPEED_MAX = 300

export const register = (program: Command): void => {
  program
    .command("sessions [file]")
    .description("play a shop's sessions (OTTO, .jsonl) and made ones as carts, and compare all books in the end")
    .option("--made <n>", "sessions that are made from the seed, beside the file's", "1000")
    .option("--seed <n>", "of the made ones", "1")
    .option("--speed <factor>", "how many times as fast as it happened", "300")
    .option("--at-once <n>", "sessions at once", "24")
    .addHelpText(
      "after",
      `
It starts a hub and servers of its own, and a Twilio and a Stripe on this machine. Gaps of more than 20 minutes are 20. The
hub's limits for left carts (15 and 5 minutes) and holds (15) are divided by the speed; what counts in hours and days
(the steps of a sequence, its end, caps) by ${SHORTER_DAYS}.`
    )
    .action(async (file: string | undefined, given: Given) => {
      process.exitCode = await play(file, given)
    })
}

const play = async (file: string | undefined, given: Given): Promise<number> => {
  const [made, seed] = [Number(given.made), Number(given.seed)]
  const [speed, atOnce] = [Number(given.speed), Number(given.atOnce)]
  const isWhole = [made, seed, atOnce].every((number) => Number.isInteger(number) && number >= 0)
  if (!isWhole || atOnce === 0 || !(speed >= 1 && speed <= SPEED_MAX)) {
    const sentence = `--made, --seed and --at-once take whole numbers, --speed one from 1 to ${SPEED_MAX}`
    process.stderr.write(`holdfast sessions: ${sentence}.\n`)
    return 2
  }
  let real: ReadonlyArray<Session>
  try {
    real = file === undefined ? [] : await readSessions(file)
  } catch (error) {
    process.stderr.write(`holdfast sessions: ${file}: ${error instanceof Error ? error.message : String(error)}\n`)
    return 2
  }
  const sessions = [...real, ...makeSessions(made, new Random(seed))]
  const bar = new cliProgress.SingleBar({
    format:
      "{bar} {percentage}% · {value} of {total} sessions · {messages} texts · {payments} payments · {duration_formatted}",
    hideCursor: true
  })
  bar.start(sessions.length, 0, { messages: 0, payments: 0 })
  const report = await runSessions({
    sessions,
    speed,
    atOnce,
    graceMs: GRACE_MS,
    shorterDays: SHORTER_DAYS,
    onProgress: ({ played, ...figures }) => bar.update(played, figures)
  }).finally(() => bar.stop())
  const { figures, seconds, wrong } = report
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
  for (const one of wrong.slice(0, 20)) process.stdout.write(`WRONG ${one}\n`)
  const verdict = wrong.length === 0 ? "all books agree" : `${wrong.length} numbers differ`
  process.stdout.write(`${sessions.length} sessions in ${seconds.toFixed(1)} s: ${verdict}\n`)
  return wrong.length === 0 ? 0 : 1
}
