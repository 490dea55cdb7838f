/**
 * The address bar as state: which page is shown and the few choices worth a link.
 *
 * Small on purpose: a path picks a page, the query holds a page's own choices. The hub answers any path that is not
 * its API with the same index file, so a page's address can be opened directly.
 */
import type { MouseEvent, ReactNode } from "react"
import { useSyncExternalStore } from "react"

const listeners = new Set<() => void>()

const announce = (): void => {
  for (const listener of listeners) listener()
}

window.addEventListener("popstate", announce)

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const navigate = (href: string, how: "push" | "replace" = "push"): void => {
  if (how === "push") window.history.pushState(null, "", href)
  else window.history.replaceState(null, "", href)
  announce()
}

export const usePath = (): string => useSyncExternalStore(subscribe, () => window.location.pathname)

/** One name of the query, or undefined. */
export const useQuery = (name: string): string | undefined => {
  const search = useSyncExternalStore(subscribe, () => window.location.search)
  return new URLSearchParams(search).get(name) ?? undefined
}

/** Sets one name of the query; `undefined` takes it out. Not a step to go back to: it is a choice within a page. */
export const setQuery = (name: string, value: string | undefined): void => {
  const query = new URLSearchParams(window.location.search)
  if (value === undefined) query.delete(name)
  else query.set(name, value)
  navigate(query.size === 0 ? window.location.pathname : `${window.location.pathname}?${query}`, "replace")
}

/** One of a few, kept in the query; the usual one is what an address without it says. */
export const useChoice = <Choice extends string>(
  name: string,
  choices: ReadonlyArray<Choice>,
  usual: Choice
): readonly [chosen: Choice, choose: (choice: Choice) => void] => {
  const written = useQuery(name)
  const chosen = choices.find((choice) => choice === written) ?? usual
  return [chosen, (choice) => setQuery(name, choice === usual ? undefined : choice)]
}

interface LinkProps {
  readonly href: string
  readonly className?: string
  readonly isCurrent?: boolean
  /** Before it is gone to: the pointer or the focus is there. */
  readonly onNear?: () => void
  readonly children: ReactNode
}

/** A link within the console. A modified click is the browser's: it opens a tab as anywhere else. */
export const Link = ({ href, className, isCurrent = false, onNear, children }: LinkProps) => {
  const onClick = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
    event.preventDefault()
    navigate(href)
  }
  return (
    <a
      href={href}
      className={className}
      aria-current={isCurrent ? "page" : undefined}
      onClick={onClick}
      onPointerEnter={onNear}
      onFocus={onNear}
    >
      {children}
    </a>
  )
}
