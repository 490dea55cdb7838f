/**
 * What keeps a hub from starting although its servers run.
 */
import { Schema } from "effect"

/** The settings do not fit what is there. */
export class WrongSettings extends Schema.TaggedError<WrongSettings>()("WrongSettings", { message: Schema.String }) {}
