/**
 * The way from page to page: all of them at the side, in groups; where there is no room for that the main ones in a line, and the
 * others behind "More".
 */
import { type KeyboardEvent, useEffect, useRef, useState } from "react"
import { MoreIcon } from "./icons.tsx"
import { GROUPS } from "./pages.tsx"
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
        onClick={() => setIsOpen((before) => !before)}
      >
        <MoreIcon />
        <span>{isOpen ? "Less" : "More"}</span>
      </button>
    </nav>
  )
}
