/**
 * A clock that a test moves on: loaded into a hub, and into each of its threads, before anything else (`node --import`).
 *
 * The file named by CLOCK_FILE says by how many milliseconds it is ahead of the machine's; it is read again and again, so
 * that sixty days can pass between two questions. What waits by the runtime's own timers waits as long as ever.
 */
import { readFileSync } from "node:fs"

const READ_EVERY_MS = 20

const aheadMs = () => Number(readFileSync(process.env.CLOCK_FILE, "utf8"))

const [now, sinceStart] = [Date.now, performance.now.bind(performance)]
let ahead = aheadMs()
setInterval(() => (ahead = aheadMs()), READ_EVERY_MS).unref()
Date.now = () => now() + ahead
performance.now = () => sinceStart() + ahead
