/**
 * Addresses among the settings: which may be called, what stands in them, how they are printed.
 */

/** `host`: a name or an IP address without a port, IPv6 without brackets. */
export const isLoopback = (host: string): boolean => /^(?:localhost|::1|127(?:\.\d{1,3}){3})$/.test(host)

/** It leads to this machine; what is no address leads nowhere. */
export const isHere = (address: string): boolean =>
  URL.canParse(address) && isLoopback(new URL(address).hostname.replaceAll(/[[\]]/g, ""))

/** https; plain http only to this machine, because secrets and customers' data travel with it. */
export const isEncryptedOrHere = (address: string): boolean => {
  if (!URL.canParse(address)) return false
  const { protocol } = new URL(address)
  return protocol === "https:" || (protocol === "http:" && isHere(address))
}

/** A user, a password, a value: percent-encoded by who keeps to the letter, else as it is. */
export const percentDecoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Up to the last `@` of an address, of each in a list; what is no address may hold a password all the same. */
const WHO = /\/\/(?:(?!,\w+:\/\/).)*@/g

/** One address or several with commas between, as they may be printed: without who, and with what password. */
export const withoutSecret = (addresses: string): string => addresses.replaceAll(WHO, "//")
