/**
 * The settings that somebody is changing: what they began from, what they made of it, and whether somebody else has saved
 * meanwhile. It outlives the page, so that a look at another one loses nothing.
 *
 * E1 A draft is dropped by its maker and by nobody else. E2 It is saved as made from the version it began with; the hub
 * refuses it if that is not the newest. E3 Sent again after no answer came, it has the same mutation id.
 */
import type { RecoverySettings } from "../../../actors/recovery/settings.ts"
import type { SettingsView } from "../../recovery/protocol.ts"
import { type get, type post, Refused } from "../hub/http.ts"
import { isSame, merged } from "./merge.ts"

export interface EditorState {
  readonly phase: "loading" | "failed" | "ready"
  /** The version that the draft began with. */
  readonly base: SettingsView | undefined
  readonly draft: RecoverySettings | undefined
  /** Newer than `base`: somebody else has saved. */
  readonly theirs: SettingsView | undefined
  /** The hub did not answer when it was asked last. */
  readonly isOffline: boolean
  readonly isSaving: boolean
  /** Why saving failed, or what was done. */
  readonly notice: { readonly tone: "good" | "bad"; readonly text: string } | undefined
}

export interface EditorServices {
  readonly get: typeof get
  readonly post: typeof post
  readonly newId: () => string
  readonly isHidden: () => boolean
}

const LOOK_EVERY_MS = 3_000

export class SettingsEditor {
  readonly #services: EditorServices
  readonly #listeners = new Set<() => void>()
  #state: EditorState = {
    phase: "loading",
    base: undefined,
    draft: undefined,
    theirs: undefined,
    isOffline: false,
    isSaving: false,
    notice: undefined
  }
  /** Of what was sent last. */
  #sent: { readonly body: string; readonly mutationId: string } | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #round = 0

  constructor(services: EditorServices) {
    this.#services = services
  }

  readonly state = (): EditorState => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get isChanged(): boolean {
    const { base, draft } = this.#state
    return base !== undefined && !isSame(base.settings, draft)
  }

  /** Looks now and then who else has saved, until `stop`. */
  start(): void {
    this.stop()
    const round = this.#round
    const look = async (): Promise<void> => {
      if (!this.#services.isHidden()) await this.look()
      // Stopped while the hub was asked.
      if (round === this.#round) this.#timer = setTimeout(() => void look(), LOOK_EVERY_MS)
    }
    void look()
  }

  stop(): void {
    this.#round++
    clearTimeout(this.#timer)
  }

  async look(): Promise<void> {
    const { base } = this.#state
    try {
      const { items } = await this.#services.get("/v1/recovery/settings/versions", { query: { limit: 1 } })
      const newest = items[0]?.version ?? 0
      const seen = this.#state.theirs?.version ?? base?.version
      if (newest !== seen) this.#arrived(await this.#services.get("/v1/recovery/settings", {}))
      else if (this.#state.isOffline) this.#set({ isOffline: false })
    } catch {
      this.#set(base === undefined ? { phase: "failed", isOffline: true } : { isOffline: true })
    }
  }

  change(draft: RecoverySettings): void {
    this.#set({ draft, notice: undefined })
  }

  discard(): void {
    const { base, theirs } = this.#state
    const next = theirs ?? base
    this.#set({ base: next, draft: next?.settings, theirs: undefined, notice: undefined })
  }

  /** What both changed ends up as one draft, made from the newest version. */
  bringTogether(): void {
    const { base, draft, theirs } = this.#state
    if (base === undefined || draft === undefined || theirs === undefined) return
    const text = `Your changes are on top of version ${theirs.version} now, and not saved yet.`
    this.#set({
      base: theirs,
      draft: merged(base.settings, theirs.settings, draft),
      theirs: undefined,
      notice: { tone: "good", text }
    })
  }

  async save(by: string, note: string): Promise<void> {
    const { base, draft } = this.#state
    if (base === undefined || draft === undefined || this.#state.isSaving) return
    const content = { expectedVersion: base.version, by, ...(note === "" ? {} : { note }), settings: draft }
    const body = JSON.stringify(content)
    if (this.#sent?.body !== body) this.#sent = { body, mutationId: this.#services.newId() }
    this.#set({ isSaving: true, notice: undefined })
    try {
      const { mutationId } = this.#sent
      const { version = base.version + 1 } = await this.#services.post("/v1/recovery/settings", {
        // Where rules of offers are missing, of a version of before there were any, the hub asks for them.
        body: { mutationId, ...content, settings: draft as Required<RecoverySettings> }
      })
      const at = new Date().toISOString()
      const saved: SettingsView = { ok: true, version, at, by, isCurrent: true, settings: draft }
      const text = `Saved as version ${version}. It holds for carts that are left from now on.`
      this.#set({ isSaving: false, base: saved, theirs: undefined, notice: { tone: "good", text } })
    } catch (error) {
      await this.#failed(error)
    }
  }

  async #failed(error: unknown): Promise<void> {
    if (!(error instanceof Refused)) {
      const text = "The hub did not answer. Your changes are still here; save again, and they are saved once."
      this.#set({ isSaving: false, notice: { tone: "bad", text } })
      return
    }
    this.#set({ isSaving: false, notice: { tone: "bad", text: error.message } })
    if (error.code === "version_conflict") await this.look()
  }

  /** Without changes of one's own the newest is simply shown. */
  #arrived(newest: SettingsView): void {
    const { base } = this.#state
    const known = { phase: "ready", isOffline: false } as const
    if (base === undefined || (!this.isChanged && newest.version !== base.version)) {
      const text = `${newest.by} saved version ${newest.version}; this is it.`
      const notice = base === undefined ? undefined : ({ tone: "good", text } as const)
      this.#set({ ...known, base: newest, draft: newest.settings, theirs: undefined, notice })
      return
    }
    this.#set({ ...known, theirs: newest.version === base.version ? undefined : newest })
  }

  #set(change: Partial<EditorState>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }
}
