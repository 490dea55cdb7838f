/**
 * The way from page to page: all of them at the side, in groups; where there is no room for that the main ones in a line, and the
 * others behind "More".
 */
import { type KeyboardEvent, useEffect, useRef, useState } from "react"
import { MoreIcon } from "./icons.tsx"
import { GROUPS, PAGES } from "./pages.tsx"
import { Link, usePath } from "./router.tsx"

export const Navigation = () => {
  const path = usePath()
  const [isOpen, setIsOpen] = useState(false)
  const more = useRef<HTMLButtonElement>(null)
  useEffect(() => setIsOpen(false), [path])
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !isOpen) return
    event.preventDefault()
    setIsOpen(false)
    more.current?.focus()
  }
  return (
    <nav className="nav" aria-label="Pages" data-open={isOpen || undefined} onKeyDown={onKeyDown}>
      <div className="nav-groups" id="all-pages">
        {GROUPS.map(({ label, pages }) => (
          <div key={label} className="nav-group" role="group" aria-label={label}>
            <p className="nav-title" aria-hidden="true">
              {label}
            </p>
            {pages.map(({ path: href, label: name, Icon, isMain, fetch }) => (
              <Link
                key={href}
                href={href}
                className={isMain === true ? "nav-link nav-main" : "nav-link"}
                isCurrent={href === path}
                {...(fetch === undefined ? {} : { onNear: fetch })}
              >
                <Icon />
                <span>{name}</span>
              </Link>
            ))}
          </div>
        ))}
      </div>
      <button
        ref={more}
        type="button"
        className="nav-link nav-more"
        aria-expanded={isOpen}
        aria-controls="all-pages"
        data-current={isBehind(path) || undefined}
        onClick={() => setIsOpen((before) => !before)}
      >
        <MoreIcon />
        {isOpen ? <span>Less</span> : <MoreName path={path} />}
      </button>
    </nav>
  )
}

const elsewhere = (path: string) => PAGES.find((page) => page.path === path && page.isMain !== true)

/** The page that is shown has no place in the line. */
const isBehind = (path: string): boolean => elsewhere(path) !== undefined

/** Where it is one of those behind it, the page that is shown gives it its name: on a phone it has no other. */
const MoreName = ({ path }: { readonly path: string }) => {
  const page = elsewhere(path)
  if (page === undefined) return <span>More</span>
  return (
    <span>
      {page.label}
      <span className="visually-hidden">, more pages</span>
    </span>
  )
}
