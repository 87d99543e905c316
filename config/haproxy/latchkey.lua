-- Asks Latchkey about the token of a request before it goes to the homeserver, as auth_request does
-- in nginx. For haproxy.cfg beside it, which says where and sends on only what this
-- lets pass, in txn.latchkey_asked.

local address = os.getenv("LATCHKEY")
local open = os.getenv("LATCHKEY_AWAY") == "open"
-- Milliseconds for each try: HAProxy itself makes up to four.
local patience = 250 * tonumber(os.getenv("LATCHKEY_PATIENCE"))

-- The values of a header of the request, each as the client sent it.
local function values(headers, name)
  local found = {}
  for _, value in pairs(headers[name] or {}) do
    found[#found + 1] = value
  end
  return found
end

core.register_action("latchkey_check", { "http-req" }, function(txn)
  local sent = txn.http:req_get_headers()
  -- The token may be in the query. Only HAProxy says what was requested.
  local headers = { ["x-original-uri"] = { txn.f:pathq() }, ["x-forwarded-for"] = { txn.f:src() } }
  for _, name in ipairs({ "authorization", "user-agent" }) do
    local all = values(sent, name)
    if #all > 0 then
      headers[name] = all
    end
  end
  local answer = core.httpclient():get({ url = address .. "/edge/check", headers = headers, timeout = patience })
  local status = answer and tonumber(answer.status) or 0
  local away = status < 200 or status >= 500
  if status >= 200 and status < 300 or away and open then
    return txn:set_var("txn.latchkey_asked", true)
  end
  if away then
    return
  end
  -- What the check itself cannot read will not be better soon.
  if status ~= 401 and status ~= 403 then
    return txn:done(txn:reply({
      status = 403,
      headers = { ["content-type"] = { "application/json" }, ["x-latchkey-own"] = { "403" } },
      body = '{"errcode":"M_UNKNOWN","error":"This request cannot be read."}',
    }))
  end
  local kept = {}
  for name, value in pairs(answer.headers) do
    if name ~= "connection" and name ~= "content-length" and name ~= "transfer-encoding" then
      kept[name] = values(answer.headers, name)
    end
  end
  txn:done(txn:reply({ status = status, headers = kept, body = answer.body }))
end)
