/** Line icons at 16 pixels, in the colour of the text beside them. Decoration: the text says the same. */
import type { ReactNode } from "react"

const Icon = ({ children }: { readonly children: ReactNode }) => (
  <svg className="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
    {children}
  </svg>
)

export const StockIcon = () => (
  <Icon>
    <path d="M2.2 4.9 8 2l5.8 2.9v6.2L8 14l-5.8-2.9zM2.2 4.9 8 7.8l5.8-2.9M8 7.8V14" />
  </Icon>
)

/** One in the middle tells three. */
export const ChannelsIcon = () => (
  <Icon>
    <path d="M8 8 3.5 3.7M8 8l4.5-4.3M8 8v5.2" />
    <circle cx="8" cy="8" r="1.9" />
    <circle cx="3" cy="3.2" r="1.3" />
    <circle cx="13" cy="3.2" r="1.3" />
    <circle cx="8" cy="13.4" r="1.3" />
  </Icon>
)

/** Three moments on a line. */
export const SequencesIcon = () => (
  <Icon>
    <path d="M4 2v12M7.5 3.5H14M7.5 8H12M7.5 12.5H14" />
    <circle cx="4" cy="3.5" r="1.4" />
    <circle cx="4" cy="8" r="1.4" />
    <circle cx="4" cy="12.5" r="1.4" />
  </Icon>
)

/** A basket, and the way back to it. */
export const RecoveryIcon = () => (
  <Icon>
    <path d="M2.5 6.5h11l-1.3 6.2H3.8zM5 6.5 6.6 3M11 6.5 9.4 3" />
    <path d="M9.8 9.6H6.4m1.3-1.4L6.3 9.6 7.7 11" />
  </Icon>
)

/** A clock that goes back. */
export const HistoryIcon = () => (
  <Icon>
    <path d="M2.5 8a5.5 5.5 0 1 0 1.6-3.9L2.5 5.7M2.5 2.7v3h3M8 5v3.2l2.2 1.4" />
  </Icon>
)

/** A bell. */
export const AlertsIcon = () => (
  <Icon>
    <path d="M3 11.5h10c-1-1-1.4-2-1.4-4.2a3.6 3.6 0 0 0-7.2 0c0 2.2-.4 3.2-1.4 4.2zM6.6 13.8h2.8" />
  </Icon>
)

/** Something that is there is torn. */
export const IncidentsIcon = () => (
  <Icon>
    <path d="M8 2.2 14.3 13H1.7zM8 6.4v3.2M8 11.4v.1" />
  </Icon>
)

/** A letter that came back. */
export const LettersIcon = () => (
  <Icon>
    <path d="M2 4h12v8.5H2zM2 4.6l6 4.6 6-4.6" />
  </Icon>
)

/** A pulse. */
export const SystemIcon = () => (
  <Icon>
    <path d="M1.8 8.5h3l1.8-5 2.8 9 1.8-4h3" />
  </Icon>
)

/** A page that is written on. */
export const DocsIcon = () => (
  <Icon>
    <path d="M3.5 1.8h6l3 3v9.4h-9zM9.2 1.8v3.3h3.3M5.6 8h4.8M5.6 10.8h4.8" />
  </Icon>
)

/** A key. */
export const AccessIcon = () => (
  <Icon>
    <circle cx="5" cy="11" r="2.8" />
    <path d="m7 9 6.2-6.2M10.4 5.6l2 2" />
  </Icon>
)

/** Lines that were written, and are read. */
export const AuditIcon = () => (
  <Icon>
    <path d="M3 2.5h10v11H3zM5.5 5.5h5M5.5 8h5M5.5 10.5h3" />
  </Icon>
)

export const AccountIcon = () => (
  <Icon>
    <circle cx="8" cy="5.3" r="2.6" />
    <path d="M2.8 13.5c.6-3 2.6-4.4 5.2-4.4s4.6 1.4 5.2 4.4" />
  </Icon>
)

export const MoreIcon = () => (
  <Icon>
    <path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11" />
  </Icon>
)

export const SearchIcon = () => (
  <Icon>
    <circle cx="7" cy="7" r="4.3" />
    <path d="m10.3 10.3 3.4 3.4" />
  </Icon>
)

export const CloseIcon = () => (
  <Icon>
    <path d="m4 4 8 8m0-8-8 8" />
  </Icon>
)

export const HoldIcon = () => (
  <Icon>
    <path d="M5.5 3.5v9m5-9v9" />
  </Icon>
)

/** The mark: two posts and the bar between them that does not give. */
export const BrandMark = () => (
  <svg className="brand-mark" viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="7" />
    <path d="M9.5 7v18M22.5 7v18M9.5 16h13" />
  </svg>
)
