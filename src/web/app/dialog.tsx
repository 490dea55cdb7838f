/**
 * Over the page, which cannot be reached meanwhile: the browser keeps the focus in it, and gives it back to where it was when
 * it is gone. Escape and a click beside it end it.
 */
import { type KeyboardEvent, type MouseEvent, type ReactNode, useLayoutEffect, useRef } from "react"

interface DialogProps {
  readonly label: string
  readonly className: string
  readonly onClose: () => void
  readonly children: ReactNode
}

export const Dialog = ({ label, className, onClose, children }: DialogProps) => {
  const place = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const dialog = place.current
    dialog?.showModal()
    return () => dialog?.close()
  }, [])
  // What is under it makes use of Escape as well, and shall not hear of this one.
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return
    event.preventDefault()
    onClose()
  }
  const onClick = (event: MouseEvent): void => {
    if (event.target === place.current) onClose()
  }
  return (
    <dialog
      ref={place}
      className={className}
      aria-label={label}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onCancel={onClose}
    >
      {children}
    </dialog>
  )
}
