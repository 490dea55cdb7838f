/**
 * Channels: how each marketplace is, what was given up there and what waits for a mapping, and the few things that an
 * operator does about it.
 */
import { useState } from "react"
import { ConnectionNotice } from "../../app/connection.tsx"
import { Ready } from "../../app/parts.tsx"
import { setQuery, useQuery } from "../../app/router.tsx"
import { useReading } from "../../app/use-reading.ts"
import { ChannelCard } from "./card.tsx"
import { Latencies } from "./latencies.tsx"
import { Log } from "./log.tsx"
import { Troubles } from "./troubles.tsx"

const EVERY_MS = 2_000

const None = () => (
  <div className="none">
    <h2>No channel is configured</h2>
    <p>
      Describe your shops in <code>channels.json</code> in the hub&rsquo;s home and start it again; CHANNELS.md shows
      how.
    </p>
  </div>
)

export const ChannelsPage = () => {
  const list = useReading("/v1/channels", {}, EVERY_MS)
  const chosen = useQuery("channel")
  const [notice, setNotice] = useState<string | undefined>()
  return (
    <div className="page">
      <h1 className="visually-hidden">Channels</h1>
      <ConnectionNotice />
      <div className="page-body">
        <Ready of={list} what="the channels">
          {({ channels }) => {
            const open = channels.find(({ name }) => name === chosen) ?? channels[0]
            if (open === undefined) return <None />
            return (
              <>
                <ul className="channel-cards" aria-label="Channels">
                  {channels.map((channel) => (
                    <ChannelCard
                      key={channel.name}
                      channel={channel}
                      isOpen={channel.name === open.name}
                      onOpen={() => setQuery("channel", channel.name)}
                      onNotice={setNotice}
                    />
                  ))}
                </ul>
                <Troubles key={open.name} channel={open} onNotice={setNotice} />
                <Latencies channel={open} />
                <Log key={`log of ${open.name}`} channel={open.name} />
              </>
            )
          }}
        </Ready>
      </div>
      <p className="page-foot page-notice" role="status">
        {notice}
      </p>
    </div>
  )
}
