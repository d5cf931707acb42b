-- One kind of SCIM request for wrk. OP says which; IDS is a file with one id a line; RUN makes names unique.
local op, run, token = os.getenv("OP"), os.getenv("RUN"), os.getenv("TOKEN")
local base = os.getenv("BASE")
local ids, groups = {}, {}
local patch = '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":['

local function read(name, into)
  local file = io.open(name)
  if file then for line in file:lines() do into[#into + 1] = line end file:close() end
end

local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init()
  read(os.getenv("IDS"), ids)
  read(os.getenv("GROUPS_FILE"), groups)
  math.randomseed(tonumber(os.getenv("SEED")) + number)
  counter = 0
  wrk.headers["Authorization"] = "Bearer " .. token
  wrk.headers["Content-Type"] = "application/scim+json"
end

local function any(list) return list[math.random(#list)] end

function request()
  counter = counter + 1
  if op == "create" then
    local name = run .. "." .. number .. "." .. counter
    return wrk.format("POST", base .. "/Users", nil,
      '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"' .. name .. '@acme.example",' ..
      '"name":{"givenName":"Ada","familyName":"Load"},"emails":[{"primary":true,"value":"' .. name ..
      '@acme.example","type":"work"}],"displayName":"Ada Load","externalId":"' .. name .. '","active":true}')
  elseif op == "get" then
    return wrk.format("GET", base .. "/Users/" .. any(ids))
  elseif op == "filter" then
    local at = math.random(tonumber(os.getenv("COUNT"))) - 1
    return wrk.format("GET", base .. "/Users?filter=userName%20eq%20%22seed-" .. at .. "%40acme.example%22&startIndex=1&count=100")
  elseif op == "patch" then
    return wrk.format("PATCH", base .. "/Users/" .. any(ids), nil,
      patch .. '{"op":"replace","path":"title","value":"T' .. run .. counter .. '"}]}')
  end
  return wrk.format("PATCH", base .. "/Groups/" .. any(groups), nil,
    patch .. '{"op":"add","path":"members","value":[{"value":"' .. any(ids) .. '"}]}]}')
end

local shown = 0
function response(status, _, body)
  if status >= 300 and shown < 1 then
    shown = shown + 1
    io.stderr:write("  " .. op .. ": " .. status .. " " .. body:sub(1, 200) .. "\n")
  end
end

function done(summary, latency)
  io.write(string.format('RESULT {"rps": %.1f, "p99_ms": %.2f, "bad": %d}\n',
    summary.requests / (summary.duration / 1e6), latency:percentile(99) / 1000,
    summary.errors.status + summary.errors.read + summary.errors.connect + summary.errors.timeout + summary.errors.write))
end
