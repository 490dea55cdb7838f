/**
 * What every page sits in: brand, navigation, connection state, and the place where the page goes.
 *
 * Knows which pages exist and nothing of what they show.
 */
import { lazy, Suspense, useEffect, useRef } from "react"
import { FirstPassword, SignIn } from "../access/sign-in.tsx"
import { useSession } from "../access/use-session.ts"
import { Who } from "../access/who.tsx"
import { useHub } from "../hub/client.ts"
import { ConnectionBadge } from "./connection.tsx"
import { BrandMark, SearchIcon } from "./icons.tsx"
import { isApple, useOverlay } from "./keys.ts"
import { Navigation } from "./navigation.tsx"
import { PageGuard } from "./page-guard.tsx"
import { PAGES } from "./pages.tsx"
import { Palette } from "./palette.tsx"
import { usePath } from "./router.tsx"

const Shortcuts = lazy(async () => ({ default: (await import("./shortcuts.tsx")).Shortcuts }))

const Nowhere = () => (
  <section className="nowhere">
    <h1>No page at this address</h1>
    <p>
      <a href="/">Go to live stock</a>
    </p>
  </section>
)

/** The pages, or what stands before them while nobody is known who may see them. */
export const Shell = () => {
  const { stop } = useHub()
  const session = useSession()
  const isUnknown = session.phase === "unknown"
  useEffect(() => {
    if (isUnknown) stop()
  }, [isUnknown, stop])
  if (isUnknown) return <SignIn />
  if (session.phase === "known" && session.own.mustChangePassword) {
    return <FirstPassword name={session.own.principal.name} />
  }
  return <Pages />
}

const Pages = () => {
  const path = usePath()
  const page = PAGES.find((candidate) => candidate.path === path)
  const Component = page?.Component ?? Nowhere
  const label = page?.label ?? "Not found"
  const { overlay, open, close } = useOverlay()
  const main = useRef<HTMLElement>(null)
  const shown = useRef(path)
  useEffect(() => {
    document.title = `${label} · Holdfast`
    // Whoever goes to another page by the keyboard goes on from its top; the first one is not gone to.
    if (shown.current !== path) main.current?.focus()
    shown.current = path
  }, [label, path])
  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        Skip to the page
      </a>
      <header className="rail">
        <div className="brand">
          <BrandMark />
          <span className="brand-name">Holdfast</span>
        </div>
        <button type="button" className="palette-open" onClick={() => open("palette")}>
          <SearchIcon />
          <span>Go to …</span>
          <kbd>{isApple() ? "⌘ K" : "Ctrl K"}</kbd>
        </button>
        <Navigation />
        <Who />
        <ConnectionBadge />
      </header>
      <main ref={main} id="main" className="main" tabIndex={-1}>
        <PageGuard key={path} label={label}>
          <Component />
        </PageGuard>
      </main>
      {/* There at once: whoever calls for it writes on before anything could be fetched. */}
      {overlay === "palette" ? <Palette onClose={close} onShortcuts={() => open("shortcuts")} /> : null}
      <Suspense fallback={null}>{overlay === "shortcuts" ? <Shortcuts onClose={close} /> : null}</Suspense>
    </div>
  )
}
