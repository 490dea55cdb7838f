/**
 * Every bound in one place, each with its reason. Sizes in bytes, times in milliseconds.
 */

/** The contract's: one message, wherever it comes from. */
export const MESSAGE_BYTES_MAX = 64 * 1024
/** The contract's: a socket frame or an HTTP array. */
export const FRAME_BYTES_MAX = 1024 * 1024
/** Messages in one frame or array: 1 MiB of the shortest valid message (`{"op":"ping"}`) would be 80,000. */
export const FRAME_MESSAGES_MAX = 20_000
/** Identifiers (SKU, hold, mutation, location, holder, channel), in UTF-16 code units. */
export const ID_LENGTH_MAX = 128
/** Free text beside a fact (`reference`, `reason`). */
export const TEXT_LENGTH_MAX = 1_024
/** The contract's: what four bytes with a sign hold. */
export const QUANTITY_MAX = 2 ** 31 - 1
/** Lines of one cart; with ids at their longest and in three-byte characters its commit stays below 1 MiB. */
export const LINES_MAX = 500
/** Channels with rules on one SKU, and components of one bundle: both are read on every decision. */
export const CHANNEL_RULES_MAX = 64
export const COMPONENTS_MAX = 64

/** The contract's: how long a hold lasts unless said otherwise, and from when to when it may. */
export const HOLD_TTL_MS_DEFAULT = 15 * 60_000
export const HOLD_TTL_MS_MIN = 100
export const HOLD_TTL_MS_MAX = 7 * 24 * 60 * 60_000

/** Mail that waits for a turn. At 100,000 a second this is a sixth of a second of work: more is better refused. */
export const MAILBOX_MAX = 16_384
/** What an `overloaded` answer tells the client to wait. */
export const OVERLOADED_RETRY_MS = 100
/** Commands decided in one turn: one commit, one fsync. */
export const TURN_COMMANDS_MAX = 2_048
/** So much mail at least, and at most, is decided in one turn undivided (`src/host/turn-size.ts`); of more only half is taken. */
export const TURN_COMMANDS_UNDIVIDED_MIN = 64
export const TURN_COMMANDS_UNDIVIDED_MAX = 512
/**
 * So many that wait are decided while the turn before them is still on its way to the disk. With 64 the turns were smaller
 * and their number cost a tenth of the throughput of 256 clients.
 */
export const TURN_FOLLOWING_COMMANDS_MIN = 112
/** So many answers of a turn are written down while its append is under way; fewer are soon written afterwards. Chosen, not measured. */
export const STAGED_ANSWERS_MIN = 16
/** The size at which a turn stops taking more: with its last command at the longest it is still well below the server's 8 MB. */
export const TURN_BYTES_MAX = 640 * 1024
/** Holds released in one turn when many end together; the rest follow in the next. */
export const TURN_EXPIRIES_MAX = 1_024

/**
 * The hub looks at its own clock for what is due, so often while something ends soon: the broker's timers come up to half a second
 * late. A look that finds something is a turn with its append.
 */
export const DUE_LOOK_EVERY_MS = 50
/**
 * And so often while nothing does: a quarter of a second is what deadlines are kept by. A hold for less than that, made in between,
 * may end so late.
 */
export const IDLE_LOOK_EVERY_MS = 250

/** Commits kept in memory for projections, fan-out and repeats: 32 MiB of journal text, some 150,000 events. */
export const TAIL_BYTES_MAX = 32 * 1024 * 1024
export const TAIL_COMMITS_MAX = 200_000

/** How far the hub hands commits to its projector thread ahead of the projection that has come furthest; the thread keeps as many. */
export const HANDED_COMMITS_MAX = 1_024
export const HANDED_BYTES_MAX = 4 * 1024 * 1024

/**
 * Messages that a server fsyncs one by one go together from so many on, and at most: a batch costs what a dozen fsyncs do, and one
 * of 256 little more than that. Of a stream more may wait for half a second of work.
 */
export const GROUP_MESSAGES_MIN = 16
export const GROUP_MESSAGES_MAX = 256
export const GROUP_WAITING_MAX = 8_192

/** Facts read ahead of the turn that commits them. */
export const FACTS_AHEAD_MAX = 2_048

/** Records folded after the last snapshot before another is taken, and the time between two: seconds of recovery. */
export const SNAPSHOT_EVERY_RECORDS = 1_000_000
export const SNAPSHOT_EVERY_MS_MIN = 30_000
/** SKUs are packed for so long before commands get their turn again. */
export const SNAPSHOT_SLICE_MS = 1
/** While the hub is busy a snapshot rests so many times as long as a slice took: it may take a tenth of the time. */
export const SNAPSHOT_REST_FACTOR = 9
/** One snapshot message: below NATS's default `max_payload` of 1 MiB. */
export const SNAPSHOT_CHUNK_BYTES = 512 * 1024

/**
 * Actors awake while a start folds the journal. A million carts awake are a gigabyte of objects, which the garbage collector
 * visits again and again; asleep they are 400 MB of text, which it does not.
 */
export const RECOVERY_AWAKE_MAX = 200_000
/** Actors put to sleep at a stroke, twenty strokes a second: about half a millisecond each. */
export const SWEEP_ACTORS_MAX = 250
/** An actor sleeps after one to two of these without mail. */
export const SWEEP_EVERY_MS = 30_000

/** Unsent bytes of a socket above which it gets the newest state of each SKU instead of every version. */
export const SOCKET_UNSENT_BYTES_MAX = 64 * 1024
/** Bytes that the socket library may keep for one client before it drops frames; conflation sets in far below. */
export const SOCKET_BACKPRESSURE_BYTES_MAX = 1024 * 1024
/** SKUs that one socket may follow by name; `stock.*` is one topic for all. */
export const SOCKET_TOPICS_MAX = 10_000
/** Requests of one socket that wait for answers. */
export const SOCKET_REQUESTS_MAX = 8_192
/** Messages a socket may send that cannot be understood, before it is closed. */
export const SOCKET_ERRORS_MAX = 20
/** A socket that says nothing for so long is closed; the library pings before that. */
export const SOCKET_IDLE_SECONDS = 60

/** A request comes whole within this: a MiB at a slow line's hundred kilobytes a second, and nobody who trickles for ever. */
export const REQUEST_MS_MAX = 10_000
/** All headers of a request, names and values, in characters: Node's own bound. uWebSockets.js takes half a megabyte that comes at once. */
export const HEADERS_LENGTH_MAX = 16 * 1024
/** Address and query: what proxies and browsers commonly take. uWebSockets.js itself took one of 100,000 characters. */
export const URL_LENGTH_MAX = 8 * 1024
/** The contract's: entries of a page unless said otherwise, and at most. */
export const PAGE_LIMIT_DEFAULT = 500
export const PAGE_LIMIT_MAX = 1_000

/** Points of a chart of one SKU's stock, twice that at most: a wide screen has no more columns. */
export const LEVELS_POINTS_DEFAULT = 300
export const LEVELS_POINTS_MAX = 1_000
/** Changes folded for one look at a SKU's past, and between two states that are kept on the way: 311,000 are folded in a second. */
export const REPLAY_CHANGES_MAX = 100_000
export const REPLAY_SLICE_CHANGES = 2_000
/** Of so many SKUs, so many states of at most so many characters are kept: 128 MiB if all are of the largest, some 1 MiB as a rule. */
export const REPLAY_SKUS_MAX = 32
export const REPLAY_STATES_MAX = 64
export const REPLAY_STATE_CHARACTERS_MAX = 64 * 1024
/** SKUs that are low, with how they sell, on one page: four weeks of each are read from the ledger. */
export const LOW_STOCK_PAGE_MAX = 100
/** Dead letters tried again by one request, one after the other: some milliseconds each, and a second where a channel is asked. */
export const LETTERS_AT_ONCE_MAX = 100
/** Records of a channel's log on one page. */
export const CHANNEL_LOG_PAGE_MAX = 200
