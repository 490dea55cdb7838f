/**
 * Who goes first where there is more to do than processors: who decides and the journal; what is derived steps back.
 * It is on Linux that a thread has a priority of its own, and that every session of processes has one as a whole
 * (sched(7), autogroups), without which a server alone in its session would weigh as much as the hub with all its threads.
 */
import { spawn } from "node:child_process"
import { readlinkSync, writeFileSync } from "node:fs"
import { getPriority, setPriority } from "node:os"

/** `first`: what others wait for. `behind`: what is derived. */
export type Precedence = "first" | "behind"

export const NICENESS = 10

/**
 * The kernel's shortest. A program with shorter slices than the one that runs takes the processor when it wakes, and does not wait
 * for the end of the other's slice (EEVDF, Linux 6.12; older kernels take no notice).
 */
export const SHORT_SLICE_NS = 100_000
/** The kernel's own choice, for programs that say nothing. */
export const USUAL_SLICE_NS = 0

/** Elsewhere, or where it is not allowed: fairness is lost, nothing else. */
const tried = (act: () => void): void => {
  try {
    act()
  } catch {
    // As before.
  }
}

/** Never forward, where all of it was told to step back further. */
const stepBack = (id: number): void => setPriority(id, Math.max(NICENESS, getPriority(id)))

/** The thread that calls it. */
export const stepBackThread = (): void =>
  tried(() => {
    const [, threadId] = /task\/(\d+)$/.exec(readlinkSync("/proc/thread-self")) ?? []
    if (threadId !== undefined) stepBack(Number(threadId))
  })

/** A process that leads a session of its own, before it has started others. */
export const stepBackSession = (pid: number): void => {
  tried(() => stepBack(pid))
  tried(() => writeFileSync(`/proc/${pid}/autogroup`, String(NICENESS)))
}

/** Numbers of sched_getattr(2) and sched_setattr(2). */
const SYSTEM_CALLS: { readonly [arch: string]: readonly [get: number, set: number] } = {
  x64: [315, 314],
  arm64: [275, 274]
}

/**
 * Threads looked through until there is none that is new: one of them may have started another meanwhile. The slice's length is the
 * attributes' `sched_runtime`, 24 bytes from their beginning; the flags, 8 bytes from it, say whether what is started inherits.
 */
const SET_SLICES = `
my ($path, @numbers) = @ARGV;
my ($get, $set, $slice, $flags) = map { 0 + $_ } @numbers;
my %seen;
while (my @fresh = grep { !$seen{$_}++ } map { m{(\\d+)$} ? 0 + $1 : () } glob($path)) {
  for my $thread (@fresh) {
    my $attributes = "\\0" x 48;
    next if syscall($get, $thread, $attributes, 48, 0) != 0;
    substr($attributes, 8, 8) = pack("Q", unpack("Q", substr($attributes, 8, 8)) | $flags);
    substr($attributes, 24, 8) = pack("Q", $slice);
    syscall($set, $thread, $attributes, 0);
  }
}`

/** SCHED_FLAG_RESET_ON_FORK. */
const IS_NOT_INHERITED = 1

/** `threads`: a glob of their folders in /proc. Asked of Perl, which most Linux distributions come with: Node has no such call. */
const askPerl = (threads: string, sliceNs: number, flags: number): Promise<void> =>
  new Promise((resolve) => {
    const calls = process.platform === "linux" ? SYSTEM_CALLS[process.arch] : undefined
    if (calls === undefined) return resolve()
    const numbers = [...calls, sliceNs, flags].map(String)
    const perl = spawn("perl", ["-e", SET_SLICES, threads, ...numbers], { stdio: "ignore" })
    perl.once("error", () => resolve())
    perl.once("exit", () => resolve())
  })

/**
 * Nanoseconds, for all threads of a process and whatever they start after it. Never fails: settles when it has been done, or cannot
 * be (no Perl, another system, the process is gone or another user's).
 */
export const setSlices = (pid: number, sliceNs: number): Promise<void> => askPerl(`/proc/${pid}/task/*`, sliceNs, 0)

/**
 * As `setSlices`, for the calling process's first thread alone; threads and processes that it starts from then on have the usual
 * ones. A process that was put before others by its priority is let be: the kernel would take that from what it starts as well.
 */
export const setOwnSlice = async (sliceNs: number): Promise<void> => {
  if (getPriority() >= 0) await askPerl(`/proc/${process.pid}/task/${process.pid}`, sliceNs, IS_NOT_INHERITED)
}
