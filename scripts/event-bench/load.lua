-- Deliveries of an event hook for wrk, ten events each, all of them new. RUN makes their ids unique.
local run, secret, path = os.getenv("RUN"), os.getenv("SECRET"), os.getenv("HOOK")
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init()
  counter = 0
  wrk.headers["Authorization"] = secret
  wrk.headers["Content-Type"] = "application/json"
end

local function event(id)
  return '{"actor":{"id":"00u1","type":"User","alternateId":"ada@acme.example","displayName":"Ada Load","detailEntry":null},' ..
    '"client":{"userAgent":{"rawUserAgent":"Mozilla/5.0","os":"Linux","browser":"CHROME"},"zone":"null","device":"Computer","ipAddress":"192.0.2.1"},' ..
    '"displayMessage":"Add user to group membership","eventType":"group.user_membership.add","outcome":{"result":"SUCCESS","reason":null},' ..
    '"published":"2026-01-05T08:00:00.123Z","severity":"INFO","debugContext":{"debugData":{"requestUri":"/api/v1/groups"}},' ..
    '"transaction":{"type":"WEB","id":"abc","detail":{}},"uuid":"' .. id .. '","version":"0",' ..
    '"target":[{"id":"00u2","type":"User","alternateId":"bo@acme.example","displayName":"Bo Load","detailEntry":null}]}'
end

function request()
  counter = counter + 1
  local events = {}
  for n = 1, 10 do events[n] = event(run .. "-" .. number .. "-" .. counter .. "-" .. n) end
  return wrk.format("POST", path, nil,
    '{"eventType":"com.okta.event_hook","eventTypeVersion":"1.0","cloudEventsVersion":"0.1","source":"https://acme.okta.com/api/v1/eventHooks/who1",' ..
    '"eventId":"' .. run .. counter .. '","data":{"events":[' .. table.concat(events, ",") .. ']},"eventTime":"2026-01-05T08:00:01Z"}')
end

function done(summary, latency)
  local bad = summary.errors.status
  io.write(string.format('RESULT {"kept": %d, "bad": %d, "seconds": %.3f, "p50_ms": %.2f, "p99_ms": %.2f}\n',
    summary.requests - bad, bad, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
